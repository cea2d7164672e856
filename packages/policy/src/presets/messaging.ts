/** Chat and mail. Whoever may post can also carry secrets out, so each service names the methods a bot needs and no more. */
import { host, type PresetSource, read, rest, restAt, socket, unseen } from "./define.ts";
import { bots, node } from "./programs.ts";

export const messaging: readonly PresetSource[] = [
  {
    name: "slack",
    title: "Slack bot",
    description:
      "A Socket Mode bot: read conversations, post and update messages, react, upload files; administration stays shut.",
    category: "messaging",
    programs: bots,
    endpoints: [
      rest(
        "slack.com",
        [
          "POST /api/apps.connections.open",
          "GET,POST /api/auth.test",
          "GET,POST /api/bots.info",
          "GET,POST /api/conversations.*",
          "GET,POST /api/users.*",
          "GET,POST /api/team.info",
          "POST /api/chat.*",
          "GET,POST /api/reactions.*",
          "GET,POST /api/files.*",
          "POST /api/assistant.threads.*",
        ],
        {
          deny: [
            "* /api/conversations.invite*",
            "* /api/conversations.setPurpose",
            "* /api/users.profile.set",
            "* /api/users.setPhoto",
            "* /api/files.sharedPublicURL",
            "* /api/files.delete",
          ],
        },
      ),
      rest("files.slack.com", ["GET /files-pri/**", "POST /upload/**"]),
      socket("wss-primary.slack.com", "/link/**"),
      socket("wss-backup.slack.com", "/link/**"),
    ],
  },
  {
    name: "discord",
    title: "Discord bot",
    description: "A bot: receive events, read channels, post and react; webhooks, roles and guild settings stay shut.",
    category: "messaging",
    programs: bots,
    endpoints: [
      rest("discord.com", [
        "GET /api/v*/gateway/bot",
        "GET /api/v*/users/@me",
        "GET /api/v*/oauth2/applications/@me",
        "GET /api/v*/channels/*",
        "GET /api/v*/channels/*/messages",
        "GET /api/v*/channels/*/messages/**",
        "GET /api/v*/guilds/*",
        "GET /api/v*/guilds/*/channels",
        "GET /api/v*/guilds/*/members/*",
        "GET /api/v*/applications/*/commands",
        "POST /api/v*/channels/*/messages",
        "PATCH,DELETE /api/v*/channels/*/messages/*",
        "PUT,DELETE /api/v*/channels/*/messages/*/reactions/**",
        "POST /api/v*/channels/*/typing",
        "POST /api/v*/channels/*/threads",
        "POST /api/v*/interactions/*/*/callback",
        "POST,PATCH /api/v*/webhooks/*/*",
        "PATCH /api/v*/webhooks/*/*/messages/*",
        "PUT /api/v*/applications/*/commands",
      ]),
      socket("gateway.discord.gg", "/**"),
      read("cdn.discordapp.com"),
    ],
  },
  {
    name: "telegram",
    title: "Telegram bot",
    description:
      "A polling bot: receive updates, send and edit messages, fetch files; webhooks and logging out stay shut.",
    category: "messaging",
    programs: bots,
    endpoints: [
      rest(
        "api.telegram.org",
        [
          "GET,POST /bot*/get*",
          "POST /bot*/send*",
          "POST /bot*/edit*",
          "POST /bot*/answer*",
          "POST /bot*/setMyCommands",
          "POST /bot*/setMessageReaction",
          "POST /bot*/deleteWebhook",
          "GET /file/bot*/**",
        ],
        { deny: ["POST /bot*/sendInvoice"] },
      ),
    ],
  },
  {
    name: "teams",
    title: "Microsoft Teams bot",
    description: "A bot of the Bot Framework: its token, its keys, and replies to conversations.",
    category: "messaging",
    programs: bots,
    endpoints: [
      rest("login.microsoftonline.com", [
        "POST /*/oauth2/v2.0/token",
        "GET /*/v2.0/.well-known/openid-configuration",
        "GET /*/discovery/v2.0/keys",
      ]),
      rest("login.botframework.com", ["GET /v1/.well-known/**"]),
      rest("smba.trafficmanager.net", [
        "GET /*/v3/conversations/**",
        "POST /*/v3/conversations",
        "POST /*/v3/conversations/*/activities",
        "POST,PUT,DELETE /*/v3/conversations/*/activities/*",
      ]),
    ],
  },
  {
    name: "google-chat",
    title: "Google Chat bot",
    description: "A bot: read spaces, post and update messages.",
    category: "messaging",
    programs: bots,
    endpoints: [
      rest("oauth2.googleapis.com", ["POST /token"]),
      rest("chat.googleapis.com", [
        "GET /v1/spaces/**",
        "POST /v1/spaces/*/messages",
        "PATCH,PUT,DELETE /v1/spaces/*/messages/*",
      ]),
    ],
  },
  {
    name: "whatsapp",
    title: "WhatsApp",
    description: "A linked device. Its traffic is encrypted end to end, so nothing in it can be judged.",
    category: "messaging",
    programs: node,
    endpoints: [unseen("web.whatsapp.com"), unseen("mmg.whatsapp.net"), unseen("media.whatsapp.net")],
  },
  {
    name: "wechat",
    title: "WeChat official account",
    description: "An official account: its token, its media, and answers to customers.",
    category: "messaging",
    programs: bots,
    endpoints: [
      rest("api.weixin.qq.com", [
        "GET /cgi-bin/token",
        "POST /cgi-bin/stable_token",
        "GET /cgi-bin/media/get",
        "POST /cgi-bin/media/upload",
        "POST /cgi-bin/message/custom/*",
      ]),
    ],
  },
  {
    name: "signal",
    title: "Signal",
    description:
      "A linked device by signal-cli. It trusts its own certificates only, so nothing in its traffic can be judged.",
    category: "messaging",
    programs: ["/usr/bin/signal-cli", "/usr/local/bin/signal-cli"],
    endpoints: ["chat", "storage", "cdn", "cdn2", "cdn3"].map((name) => unseen(`${name}.signal.org`)),
  },
  {
    name: "jira",
    title: "Jira, reading",
    description: "Search and read issues of your site.",
    category: "messaging",
    parameters: [host("The host of your Jira site.", "jira.example.com")],
    programs: bots,
    endpoints: (values) =>
      values
        .host()
        .map((place) =>
          restAt(place, [
            "GET /rest/api/**",
            "GET /rest/agile/**",
            "POST /rest/api/*/search/**",
            "POST /rest/api/*/search",
          ]),
        ),
  },
  {
    name: "jira-write",
    title: "Jira, writing",
    description:
      "Create and change issues, comments, work logs and transitions; deleting and administration stay shut.",
    category: "messaging",
    parameters: [host("The host of your Jira site.", "jira.example.com")],
    programs: bots,
    endpoints: (values) =>
      values
        .host()
        .map((place) =>
          restAt(place, [
            "POST /rest/api/*/issue",
            "PUT /rest/api/*/issue/*",
            "POST,PUT /rest/api/*/issue/*/comment/**",
            "POST /rest/api/*/issue/*/comment",
            "POST /rest/api/*/issue/*/worklog",
            "POST /rest/api/*/issue/*/transitions",
          ]),
        ),
  },
  {
    name: "outlook",
    title: "Outlook, reading",
    description: "Read one's own mail, calendar and contacts by Microsoft Graph.",
    category: "messaging",
    programs: bots,
    endpoints: [
      rest("login.microsoftonline.com", ["POST /*/oauth2/v2.0/token", "POST /*/oauth2/v2.0/devicecode"]),
      rest("graph.microsoft.com", [
        "GET /v1.0/me",
        "GET /v1.0/me/messages/**",
        "GET /v1.0/me/mailFolders/**",
        "GET /v1.0/me/events/**",
        "GET /v1.0/me/calendar/**",
        "GET /v1.0/me/calendarView",
        "GET /v1.0/me/contacts/**",
      ]),
    ],
  },
  {
    name: "outlook-write",
    title: "Outlook, writing",
    description: "Send one's own mail, keep drafts and events by Microsoft Graph; inbox rules and settings stay shut.",
    category: "messaging",
    programs: bots,
    endpoints: [
      rest("graph.microsoft.com", [
        "POST /v1.0/me/sendMail",
        "POST /v1.0/me/messages",
        "PATCH /v1.0/me/messages/*",
        "POST /v1.0/me/messages/*/*",
        "POST /v1.0/me/events",
        "PATCH /v1.0/me/events/*",
      ]),
    ],
  },
  {
    name: "gmail",
    title: "Gmail, reading",
    description: "Read one's own mail.",
    category: "messaging",
    programs: bots,
    endpoints: [
      rest("oauth2.googleapis.com", ["POST /token"]),
      rest("gmail.googleapis.com", ["GET /gmail/v1/users/me/**"]),
    ],
  },
  {
    name: "gmail-write",
    title: "Gmail, writing",
    description: "Send mail and keep drafts and labels; forwarding, filters and delegates stay shut.",
    category: "messaging",
    programs: bots,
    endpoints: [
      rest("gmail.googleapis.com", [
        "POST /gmail/v1/users/me/messages/send",
        "POST /gmail/v1/users/me/messages/*/modify",
        "POST /gmail/v1/users/me/drafts/**",
        "POST /gmail/v1/users/me/drafts",
        "PUT /gmail/v1/users/me/drafts/*",
      ]),
    ],
  },
];
