/**
 * The floors of the source tree, from the ground up. A folder imports from floors below its own and from itself:
 * never sideways, never up. On the ground each file or folder is a floor of its own.
 */
module.exports = [
  ['errors'],
  ['internal'],
  ['secret'],
  ['credential'],
  ['destination', 'redaction', 'audit'],
  ['placement'],
  ['stores', 'access', 'catalog'],
  ['registry', 'detection'],
  ['http', 'tools'],
  ['broker'],
  ['process'],
  ['mcp', 'mcp-clients'],
  ['adapters', 'testing', 'scan'],
];
