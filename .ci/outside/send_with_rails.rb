# Sends one mail by the `config.action_mailer` lines of a Rails environment, through the library that Action Mailer uses.
# Arguments: the file, recipient.
require "mail"

Settings = Struct.new(:delivery_method, :smtp_settings, :default_options)
Configuration = Struct.new(:action_mailer)

file, recipient = ARGV
config = Configuration.new(Settings.new)
eval(File.read(file), binding, file)
Mail.new(from: config.action_mailer.default_options[:from], to: recipient, subject: "Hello", body: "It works.").tap do |mail|
  mail.delivery_method(config.action_mailer.delivery_method, config.action_mailer.smtp_settings)
  mail.deliver!
end
