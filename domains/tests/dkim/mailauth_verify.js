// Verifies messages with mailauth. Arguments: folder of node_modules. Standard input: JSON
// {"records": {name: text}, "messages": [base64], "each": bool}. Output: JSON [{result, comment}] in the same order;
// with "each" [[{algorithm, result} of each signature]].
const { createRequire } = require("module");
const { dkimVerify } = createRequire(process.argv[2] + "/")("mailauth/lib/dkim/verify");

const input = JSON.parse(require("fs").readFileSync(0));
const resolver = async (name, type) => {
  if (type === "TXT" && input.records[name]) return [[input.records[name]]];
  throw Object.assign(new Error("no such record"), { code: "ENOTFOUND" });
};

(async () => {
  const answers = [];
  for (const message of input.messages) {
    const { results } = await dkimVerify(Buffer.from(message, "base64"), { resolver });
    if (input.each) {
      answers.push(results.map((one) => ({ algorithm: one.algo, result: one.status.result })));
      continue;
    }
    const status = results.length === 1 ? results[0].status : { result: `${results.length} signatures` };
    answers.push({ result: status.result, comment: status.comment || "" });
  }
  process.stdout.write(JSON.stringify(answers));
})();
