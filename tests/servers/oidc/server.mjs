// server.mjs DIR HTTP-PORT HTTPS-PORT : an OpenID provider (oidc-provider, certified) for tests. Whoever signs in is who he says; its client is
// "valise", without a secret. DIR/ttl holds how many seconds an access token is good for, and is read each time; DIR/requests gets a line for each
// request. The issuer is https://localhost:HTTPS-PORT; the other port is for introspection, by "dovecot", with the secret "introspect".
import { appendFileSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { Provider } from 'oidc-provider';

const [dir, httpPort, httpsPort] = process.argv.slice(2);
const device = 'urn:ietf:params:oauth:grant-type:device_code';
const provider = new Provider(`https://localhost:${httpsPort}`, {
  clients: [
    {
      client_id: 'valise',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['http://127.0.0.1/'],
      grant_types: ['authorization_code', 'refresh_token', device],
      response_types: ['code'],
    },
    {
      client_id: 'dovecot',
      client_secret: 'introspect',
      token_endpoint_auth_method: 'client_secret_basic',
      redirect_uris: [],
      grant_types: [],
      response_types: [],
    },
  ],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username'] },
  conformIdTokenClaims: false,
  cookies: { keys: ['of a test'] },
  features: {
    deviceFlow: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
  },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@test.example`, email_verified: true, preferred_username: id }) }),
  ttl: {
    AccessToken: () => Number(readFileSync(`${dir}/ttl`, 'utf8')),
    DeviceCode: 600,
    Grant: 86400,
    Interaction: 3600,
    RefreshToken: 86400,
    Session: 86400,
  },
});
provider.use(async (ctx, next) => {
  await next();
  appendFileSync(`${dir}/requests`, `${ctx.method} ${ctx.path} ${ctx.status} ${ctx.oidc?.params?.grant_type ?? ''}\n`);
});

const handler = provider.callback();
http.createServer(handler).listen(httpPort, '127.0.0.1');
https.createServer({ cert: readFileSync(`${dir}/tls/cert.pem`), key: readFileSync(`${dir}/tls/key.pem`) }, handler).listen(httpsPort, '127.0.0.1');
