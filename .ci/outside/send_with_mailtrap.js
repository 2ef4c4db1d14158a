// Sends one mail with the official SDK as its documentation shows it. Environment: API_TOKEN, FROM, TO, SUBJECT; BULK=1
// for the bulk stream. The SDK's host is fixed in its code; HTTPS_PROXY leads it elsewhere. Output: JSON answer.
const { MailtrapClient } = require("mailtrap");

const { API_TOKEN, FROM, TO, SUBJECT, BULK } = process.env;
const client = new MailtrapClient({ token: API_TOKEN, bulk: BULK === "1" });

client
  .send({
    from: { name: "Shop – Grüße", email: FROM },
    to: [{ email: TO }],
    subject: SUBJECT,
    text: "Größe: 1 €",
    html: "<p>Größe: 1 €</p>",
    category: "Outside",
    custom_variables: { order: "58213" },
    attachments: [{ filename: "größe.txt", type: "text/plain", content: Buffer.from("1 €") }],
  })
  .then((answer) => {
    process.stdout.write(JSON.stringify(answer));
    process.exit(0);
  })
  .catch((problem) => {
    process.stderr.write(`${problem.stack}\n`);
    process.exit(1);
  });
