"""Sends one mail with the official SDK as its documentation shows it, attachment and all.

Environment: API_TOKEN, FROM, TO, SUBJECT; BULK=1 for the bulk stream. The SDK's host is fixed in its code: HTTPS_PROXY
leads it elsewhere, or API_HOST names another one. Output: JSON answer.
"""

import base64
import json
import os

import mailtrap as mt

mail = mt.Mail(
    sender=mt.Address(email=os.environ["FROM"], name="Shop – Grüße"),
    to=[mt.Address(email=os.environ["TO"])],
    subject=os.environ["SUBJECT"],
    text="Größe: 1 €",
    html="<p>Größe: 1 €</p>",
    category="Outside",
    custom_variables={"order": "58213"},
    attachments=[
        mt.Attachment(content=base64.b64encode("1 €".encode()), filename="größe.txt", mimetype="text/plain"),
    ],
)
client = mt.MailtrapClient(
    token=os.environ["API_TOKEN"], bulk=os.environ.get("BULK") == "1", api_host=os.environ.get("API_HOST")
)
print(json.dumps(client.send(mail)))
