// Verifies the DKIM signatures of the message on standard input, with keys asked of the name server at DNS_SERVER
// ("127.0.0.1:5354") and of nobody else. Output: JSON [{result, domain, selector, comment}].
const { Resolver } = require("dns").promises;
const { dkimVerify } = require("mailauth/lib/dkim/verify");

const server = new Resolver({ timeout: 5000, tries: 3 });
server.setServers([process.env.DNS_SERVER]);

dkimVerify(require("fs").readFileSync(0), { resolver: (name, type) => server.resolve(name, type) })
  .then(({ results }) => {
    const seen = results.map(({ status, signingDomain, selector }) => ({
      result: status.result,
      domain: signingDomain,
      selector,
      comment: status.comment || "",
    }));
    process.stdout.write(JSON.stringify(seen));
  })
  .catch((problem) => {
    process.stderr.write(`${problem.stack}\n`);
    process.exit(1);
  });
