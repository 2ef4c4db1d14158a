// Walks a domain's life with the official SDK. Environment: API_TOKEN, ACCOUNT_ID, DOMAIN, COLLEAGUE.
// The SDK's host is fixed in its code; HTTPS_PROXY leads it elsewhere. Output: what each call answered.
const { MailtrapClient } = require("mailtrap");

const { API_TOKEN, ACCOUNT_ID, DOMAIN, COLLEAGUE } = process.env;
const client = new MailtrapClient({ token: API_TOKEN, accountId: Number(ACCOUNT_ID) });

async function walk() {
  const domains = client.sendingDomains;
  const names = async () => (await domains.getList()).data.map((domain) => domain.domain_name);
  const created = await domains.create({ domain_name: DOMAIN });
  const answers = { created, listed: await names(), got: await domains.get(created.id) };
  answers.updated = await domains.update(created.id, { open_tracking_enabled: false, inbound_enabled: false });
  const given = {
    name: "Acme Ltd", address: "1 High Street", city: "Leeds", country: "GB", zip_code: "LS1 1AA",
    website_url: "https://acme.example",
  };
  answers.company = (await client.companyInfo.create(created.id, given)).data;
  answers.moved = (await client.companyInfo.update(created.id, { city: "York" })).data;
  answers.read = (await client.companyInfo.get(created.id)).data;
  await domains.sendSetupInstructions(created.id, COLLEAGUE);
  answers.refused = await domains.create({ domain_name: "" }).catch((problem) => [problem.message]);
  await domains.delete(created.id);
  answers.deleted = created.id;
  answers.left = await names();
  return answers;
}

walk().then(
  (answers) => { process.stdout.write(JSON.stringify(answers)); process.exit(0); },
  (problem) => { process.stderr.write(`${problem.stack}\n`); process.exit(1); },
);
