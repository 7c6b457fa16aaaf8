// jwks-rsa requires jose, which is an ES module. Node 20 can do that; Jest on Node 20 cannot, so in
// tests Node loads it. Jest finds the names that are exported by reading this text.
const jose = globalThis.nodeRequire('jose');

exports.SignJWT = jose.SignJWT;
exports.decodeProtectedHeader = jose.decodeProtectedHeader;
exports.exportJWK = jose.exportJWK;
exports.exportSPKI = jose.exportSPKI;
exports.generateKeyPair = jose.generateKeyPair;
exports.importJWK = jose.importJWK;
