import { createRequire } from 'node:module';
import { join } from 'node:path';
import { onDemand } from './on-demand.js';

/** The official clients, in the newest versions that run on every Node that we support. */
export const folder = onDemand('cloud-clients', {
  '@1password/connect': '1.4.2',
  '@aws-sdk/client-secrets-manager': '3.1164.0',
  '@azure/keyvault-secrets': '4.10.0',
  '@google-cloud/secret-manager': '6.2.0',
  'google-auth-library': '10.5.0',
});

function sdk(name: string): any {
  return createRequire(join(folder ?? '', 'x.js'))(name);
}

export function awsClient(endpoint: string, token = 'an-access-key-secret', maxAttempts = 1) {
  const { SecretsManager } = sdk('@aws-sdk/client-secrets-manager');
  const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: token };
  return new SecretsManager({ region: 'us-east-1', endpoint, credentials, maxAttempts });
}

export function gcpClient(origin: string, token = 'an-access-token') {
  const { OAuth2Client } = sdk('google-auth-library');
  const { SecretManagerServiceClient } = sdk('@google-cloud/secret-manager');
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: token, expiry_date: Date.now() + 3_600_000 });
  const { hostname, port, protocol } = new URL(origin);
  return new SecretManagerServiceClient({
    ...{ fallback: true, apiEndpoint: hostname, port: Number(port), protocol: protocol.slice(0, -1) },
    ...{ authClient, projectId: 'p' },
  });
}

export function azureClient(origin: string, token = 'an-access-token', maxRetries = 0) {
  const { SecretClient } = sdk('@azure/keyvault-secrets');
  const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
  return new SecretClient(origin, credential, {
    disableChallengeResourceVerification: true,
    allowInsecureConnection: true,
    retryOptions: { maxRetries, retryDelayInMs: 10 },
  });
}

export function onePasswordClient(serverURL: string, token = 'an-access-token') {
  const { OnePasswordConnect } = sdk('@1password/connect');
  return OnePasswordConnect({ serverURL, token, keepAlive: false });
}
