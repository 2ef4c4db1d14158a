// A SAML 2.0 provider (npm samlp): port, files of key and certificate. It signs in whoever `as` names; `with`, in JSON,
// has it do something wrong.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import samlp from "samlp";

const [port, key, cert] = process.argv.slice(2);
const own = { issuer: "urn:example:provider", key: readFileSync(key), cert: readFileSync(cert) };
const metadata = samlp.metadata({ ...own, redirectEndpointPath: "/saml?tenant=7&realm=a", postEndpointPath: "/saml" });

function answer(request, response, next) {
  const { as, with: changed } = request.query;
  samlp.parseRequest(request, {}, (problem, asked) => {
    if (problem) return next(problem);
    const callback = asked?.assertionConsumerServiceURL;
    samlp.auth({
      ...own,
      destination: callback,
      recipient: callback,
      getPostURL: (_audience, _request, _http, done) => done(null, callback ?? "http://sp.test/"),
      getUserFromRequest: () => ({ id: as, emails: [{ value: as }], displayName: "Olga Ortiz", name: {} }),
      ...JSON.parse(changed ?? "{}"),
    })(request, response, next);
  });
}

createServer((request, response) => {
  const url = new URL(request.url, `http://127.0.0.1:${port}`);
  request.query = Object.fromEntries(url.searchParams);
  request.protocol = "http";
  response.set = (name, value) => response.setHeader(name, value);
  response.send = (body) => response.end(String(body));
  const page = url.pathname === "/metadata" ? metadata : answer;
  page(request, response, (problem) => {
    response.statusCode = 500;
    response.end(String(problem));
  });
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
