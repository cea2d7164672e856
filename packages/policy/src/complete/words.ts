/** What the closed words of the language mean, in a few words beside each proposal. */
export const wordMeanings: Readonly<Record<string, string>> = {
  "protocol:tcp": "Bytes are relayed; nothing is inspected.",
  "protocol:rest": "Each HTTP request is judged.",
  "protocol:websocket": "The upgrade and each text message are judged.",
  "protocol:graphql": "Each GraphQL operation is judged.",
  "protocol:mcp": "Each MCP method and tool call is judged.",
  "protocol:json-rpc": "Each JSON-RPC method is judged.",
  "access:read-only": "GET, HEAD, OPTIONS.",
  "access:read-write": "Read-only, and POST, PUT, PATCH.",
  "access:full": "Everything, DELETE included.",
  "enforcement:enforce": "What no rule allows is denied.",
  "enforcement:audit": "What no rule allows passes and is recorded.",
  "mode:enforce": "What no rule allows is denied.",
  "mode:monitor": "What no rule allows passes and is recorded.",
  "tls:skip": "TLS is relayed unopened.",
  "compatibility:best_effort": "A missing kernel feature weakens the sandbox.",
  "compatibility:hard_requirement": "A missing kernel feature refuses the start.",
  "on_error:fail_closed": "When it fails, the request is denied.",
  "on_error:fail_open": "When it fails, the request passes.",
  "expect:allow": "The request passes.",
  "expect:deny": "The request is denied.",
  "expect:would_deny": "Only monitor or audit lets it pass.",
};

/** Words that still load and do nothing: never proposed. */
export const outdatedWords: ReadonlySet<string> = new Set(["tls:terminate", "tls:passthrough"]);

export const methodsOf: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  http: [
    ["GET", "Reads; includes HEAD."],
    ["POST", "Creates or acts."],
    ["PUT", "Replaces."],
    ["PATCH", "Changes a part."],
    ["DELETE", "Removes."],
    ["HEAD", "Reads the headers."],
    ["OPTIONS", "Asks what is possible."],
    ["*", "Any method."],
  ],
  websocket: [
    ["GET", "The upgrade."],
    ["WEBSOCKET_TEXT", "A text message of the client."],
    ["*", "Any method."],
  ],
  mcp: [
    ["initialize", "Opens a session."],
    ["notifications/initialized", "Ends the opening of a session."],
    ["ping", "Asks whether the server is there."],
    ["tools/list", "Asks which tools there are."],
    ["tools/call", "Calls a tool; narrow it with `tool`."],
    ["resources/list", "Asks which resources there are."],
    ["resources/read", "Reads a resource."],
    ["prompts/list", "Asks which prompts there are."],
    ["prompts/get", "Reads a prompt."],
    ["*", "Any method."],
  ],
  "json-rpc": [["*", "Any method."]],
};

export const wellKnownPorts: readonly (readonly [string, string])[] = [
  ["443", "HTTPS."],
  ["80", "HTTP, in clear."],
  ["22", "SSH."],
];
export const wellKnownPaths: readonly (readonly [string, string])[] = [
  ["/usr", "Programs and their files."],
  ["/lib", "Libraries."],
  ["/etc", "Settings of the host."],
  ["/proc", "Processes."],
  ["/dev/urandom", "Random numbers."],
  ["/dev/null", "Nothing."],
  ["/tmp", "Temporary files."],
  ["/sandbox", "The agent's home."],
];
export const wellKnownHeaders: readonly string[] = ["accept", "authorization", "content-type", "user-agent"];
