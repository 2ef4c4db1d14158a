// Reads mails with mailparser: a base64 mail a line on standard input, what it says as JSON a line on standard output.
// Line ends of texts are LF, as mailparser gives them.
const { createInterface } = require("readline");
const { MailParser } = require("mailparser");

const people = (field) => (field ? field.value.map(({ name, address, group }) => (group ? [] : [name, address])) : []);

const part = ({ contentType, headers, textContent, isAttachment, children, content }) => {
  const typed = headers.get("content-type");
  const placed = headers.get("content-disposition");
  return {
    type: contentType,
    parameters: typed ? typed.params : {},
    filename: placed && placed.params.filename,
    disposition: placed && placed.value,
    content_id: headers.get("content-id"),
    text: isAttachment ? undefined : textContent,
    content,
    parts: children.map(part),
  };
};

const read = (octets) =>
  new Promise((resolve, reject) => {
    const parser = new MailParser({ skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true });
    const contents = new Map();
    parser.on("error", reject);
    parser.on("data", (found) => {
      if (found.type !== "attachment") return;
      const chunks = [];
      found.content.on("data", (chunk) => chunks.push(chunk));
      found.content.on("end", () => {
        contents.set(found.headers, Buffer.concat(chunks).toString("base64"));
        found.release();
      });
    });
    parser.on("end", () => {
      const fill = (node) => {
        node.content = contents.get(node.headers);
        node.children.forEach(fill);
      };
      fill(parser.tree);
      const { headers } = parser;
      resolve({
        from: people(headers.get("from")),
        to: people(headers.get("to")),
        cc: people(headers.get("cc")),
        reply_to: people(headers.get("reply-to")),
        subject: headers.get("subject") || "",
        date: headers.get("date").toISOString(),
        message_id: headers.get("message-id"),
        body: part(parser.tree),
      });
    });
    parser.end(octets);
  });

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await read(Buffer.from(line, "base64")))}\n`);
  }
})().catch((problem) => {
  process.stderr.write(`${problem.stack}\n`);
  process.exit(1);
});
