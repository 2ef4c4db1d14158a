// An OpenID Connect provider (npm oidc-provider): port, redirect URI. Its sign-in page takes any name for an address.
import Provider from "oidc-provider";

const [port, callback] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "mail", client_secret: "secret-of-the-client", redirect_uris: [callback] }],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  cookies: { keys: ["only-for-tests"] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: id, email_verified: !id.startsWith("unproved"), name: "Olga Ortiz" }),
  }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
