<?php
// Does what wp_mail() does around a plugin that configures PHPMailer. Arguments: the plugin's file, recipient.
require '/usr/share/php/libphp-phpmailer/autoload.php';

$hooks = [];
function add_action(string $name, callable $hook): void
{
    $GLOBALS['hooks'][$name] = $hook;
}
function add_filter(string $name, callable $hook): void
{
    $GLOBALS['hooks'][$name] = $hook;
}

[, $plugin, $recipient] = $argv;
require $plugin;
$mailer = new PHPMailer\PHPMailer\PHPMailer(true);
$mailer->setFrom($hooks['wp_mail_from']('wordpress@localhost'), 'WordPress', false);
$mailer->addAddress($recipient);
$mailer->Subject = 'Hello';
$mailer->Body = 'It works.';
$mailer->isMail();
$hooks['phpmailer_init']($mailer);
$mailer->send();
