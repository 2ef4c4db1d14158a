// Signs messages with mailauth. Arguments: folder of node_modules. Standard input: JSON {"key": PEM, "canonicalization":
// form, "messages": [base64]}. Output: JSON [base64 of the signed message] in the same order.
const { createRequire } = require("module");
const { dkimSign } = createRequire(process.argv[2] + "/")("mailauth/lib/dkim/sign");

const input = JSON.parse(require("fs").readFileSync(0));
const signatureData = [{ signingDomain: "example.test", selector: "rwmt1", privateKey: input.key }];

(async () => {
  const signed = [];
  for (const text of input.messages) {
    const message = Buffer.from(text, "base64");
    // Left to itself it reads the clock twice, and a second that turns in between breaks the signature.
    const options = { canonicalization: input.canonicalization, signTime: new Date(), signatureData };
    const { signatures } = await dkimSign(message, options);
    signed.push(Buffer.concat([Buffer.from(signatures, "binary"), message]).toString("base64"));
  }
  process.stdout.write(JSON.stringify(signed));
})();
