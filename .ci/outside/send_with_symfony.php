<?php
// Sends one mail by the settings of a Symfony or Laravel `.env` file. Arguments: the file, sender, recipient.
// Laravel hands its MAIL_ settings to the same mailer.
require '/usr/share/php/Symfony/Component/Mailer/autoload.php';

use Symfony\Component\Mailer\Mailer;
use Symfony\Component\Mailer\Transport;
use Symfony\Component\Mime\Email;

[, $file, $sender, $recipient] = $argv;
preg_match_all('/^(\w+)="?([^"\n]*)"?$/m', file_get_contents($file), $lines);
$values = str_replace('${API_TOKEN}', getenv('API_TOKEN'), array_combine($lines[1], $lines[2]));
$dsn = $values['MAILER_DSN']
    ?? "smtp://{$values['MAIL_USERNAME']}:{$values['MAIL_PASSWORD']}@{$values['MAIL_HOST']}:{$values['MAIL_PORT']}";
$mail = (new Email())->from($sender)->to($recipient)->subject('Hello')->text('It works.');
(new Mailer(Transport::fromDsn($dsn)))->send($mail);
