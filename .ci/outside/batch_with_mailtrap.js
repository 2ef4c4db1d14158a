// Sends a batch with the official SDK: one mail that takes all from its base, one that replaces subject and text, and one
// that is refused, because its sender's domain is not ours. Environment: API_TOKEN, FROM, TO (two addresses, with a
// comma), SUBJECT; BULK=1 for the bulk stream. Output: JSON answer.
const { MailtrapClient } = require("mailtrap");

const { API_TOKEN, FROM, TO, SUBJECT, BULK } = process.env;
const [first, second] = TO.split(",");
const client = new MailtrapClient({ token: API_TOKEN, bulk: BULK === "1" });

client
  .batchSend({
    base: {
      from: { name: "Shop – Grüße", email: FROM },
      subject: SUBJECT,
      text: "Größe: 1 €",
      category: "Outside",
      custom_variables: { order: "58213" },
    },
    requests: [
      { to: [{ email: first }] },
      { to: [{ email: second }], subject: "Another", text: "Größe: 2 €" },
      { to: [{ email: first }], from: { email: "hello@elsewhere.test" } },
    ],
  })
  .then((answer) => {
    process.stdout.write(JSON.stringify(answer));
    process.exit(0);
  })
  .catch((problem) => {
    process.stderr.write(`${problem.stack}\n`);
    process.exit(1);
  });
