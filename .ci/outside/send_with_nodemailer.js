// Sends one mail with nodemailer. Environment: SMTP_HOST, SMTP_PORT, SMTP_USER, API_TOKEN, CA_FILE, FROM, TO, SUBJECT;
// SECURE=1 for TLS from the first byte. Output: JSON {accepted, rejected, response, messageId}.
const fs = require("fs");
const nodemailer = require("nodemailer");

const { SMTP_HOST, SMTP_PORT, SMTP_USER, API_TOKEN, CA_FILE, FROM, TO, SUBJECT, SECURE } = process.env;

const transport = nodemailer.createTransport({
  host: SMTP_HOST,
  port: Number(SMTP_PORT),
  secure: SECURE === "1",
  requireTLS: SECURE !== "1",
  auth: { user: SMTP_USER, pass: API_TOKEN },
  tls: { ca: fs.readFileSync(CA_FILE) },
});

transport
  .sendMail({
    from: { name: "Shop – Grüße", address: FROM },
    to: TO,
    subject: SUBJECT,
    text: "Größe: 1 €\n.A line with a dot first.\n",
    html: "<p>Größe: 1 €</p>",
    attachments: [{ filename: "größe.txt", content: "1 €" }],
  })
  .then(({ accepted, rejected, response, messageId }) =>
    process.stdout.write(JSON.stringify({ accepted, rejected, response, messageId })),
  )
  .catch((problem) => {
    process.stderr.write(`${problem.stack}\n`);
    process.exit(1);
  });
