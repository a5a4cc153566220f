/**
 * A broker on loopback: the process that uses a key never holds it.
 *
 * @module
 */
export { createBroker } from './create-broker.js';
export type { Broker, BrokerOptions, Session, SessionOptions } from './create-broker.js';
