/** Sets and conditions in words. */
import type { CallerSet, Conjunction, Predicate, RequestChange, TextSet } from "./types.ts";

/** Items spelled out before the rest is counted. */
const NAMED_MAX = 6;

export function listed(items: readonly string[], joiner = "and"): string {
  const shown =
    items.length > NAMED_MAX ? [...items.slice(0, NAMED_MAX - 1), `${items.length - NAMED_MAX + 1} more`] : items;
  if (shown.length <= 1) return shown[0] ?? "";
  return `${shown.slice(0, -1).join(", ")} ${joiner} ${shown.at(-1)}`;
}
/** The set as words. Patterns read as deny rules read them are said to hold in any spelling. */
export function describeTextSet(set: TextSet): string {
  const { match, except, also = [], loose } = set;
  const spelled = loose?.match === true ? " in any spelling" : "";
  const within = also.length === 0 ? "" : ` that also match ${listed(also.map(code))}`;
  const without = except.length === 0 ? "" : `, except ${listed(except.map(code))}`;
  return `${code(match)}${spelled}${within}${without}`;
}

/** A text of the file stands in backticks, so that it is never read as a word of the sentence. */
const code = (text: string): string => `\`${text}\``;

export function describeCaller(caller: CallerSet): string {
  const { match, except, sha256, script, ancestor, unless } = caller;
  const name = match === "/**" ? "any program" : code(match);
  const parts = [
    except.length === 0 ? "" : `except ${listed(except.map(code))}`,
    sha256 === null ? "" : `with digest ${sha256.slice(0, 12)}…`,
    script === null ? "" : `running ${describeTextSet(script)}`,
    ancestor === null ? "" : `with ${describeTextSet(ancestor)} among its parents`,
    unless === undefined || unless.sha256.length === 0
      ? ""
      : `without digest ${listed(
          unless.sha256.map((pin) => `${pin.slice(0, 12)}…`),
          "or",
        )}`,
    unless === undefined || unless.script.length === 0 ? "" : `not running ${quoted(unless.script)}`,
    unless === undefined || unless.ancestor.length === 0 ? "" : `without ${quoted(unless.ancestor)} among its parents`,
  ].filter((part) => part !== "");
  return [name, ...parts].join(" ");
}

const quoted = (values: readonly string[]): string => listed(values.map(code), "or");

/** What one predicate says, as words behind "when" or "unless". */
function describePredicate(predicate: Predicate): string {
  switch (predicate.kind) {
    case "path":
      return `the path matches \`${predicate.pattern}\``;
    case "encoded_slash":
      return "the path holds an encoded slash";
    case "query":
      return predicate.reading === "every"
        ? `query \`${predicate.name}\` matches ${quoted(predicate.values)}`
        : `some query \`${predicate.name}\` matches ${quoted(predicate.values)}`;
    case "header":
      return `header \`${predicate.name}\` matches ${quoted(predicate.values)}`;
    case "upgrade":
      return "the request asks for an upgrade";
    case "may_upgrade":
      return "the request opens a WebSocket";
    case "body_at_most":
      return `the body has at most ${predicate.bytes} bytes`;
    case "before":
      return `it is before ${new Date(predicate.ms).toISOString()}`;
    case "address_known":
      return "the address is known";
    case "address_public":
      return "the address is public";
    case "address_within":
      return `the address lies within ${listed(predicate.ranges, "or")}`;
    case "body":
      return "there is a body";
    case "payload":
      return "there is a body or an operation";
    case "rpc_answer":
      return "the body is an answer to the server";
    case "rpc_call":
      return "the body is one JSON-RPC message";
    case "rpc_method":
      return `the call is \`${predicate.pattern}\``;
    case "rpc_known":
      return "the call is a known MCP method";
    case "tool":
      return `the tool matches ${quoted(predicate.values)}`;
    case "tool_named":
      return "the call names a tool";
    case "tool_plain":
      return "the tool's name is a plain one";
    case "argument":
      return `argument \`${predicate.path.join(".")}\` matches ${quoted(predicate.values)}`;
    case "operation":
      return predicate.type === "*" ? "the body is one GraphQL operation" : `the operation is a ${predicate.type}`;
    case "operation_name":
      return `the operation's name matches \`${predicate.pattern}\``;
    case "operation_fields":
      return predicate.loose
        ? `it selects a root field that matches ${quoted(predicate.values)}`
        : `all root fields match ${quoted(predicate.values)}`;
    case "persisted":
      return `it asks for the stored operation \`${predicate.id}\``;
    case "message":
      return predicate.type === "lifecycle" ? "the message carries no operation" : "the message carries an operation";
    case "model":
      return `the model matches \`${predicate.pattern}\``;
  }
}

/** What goes without saying: no encoded slash, no upgrade, an address that is public or not known yet. */
function isSilent(conjunctions: readonly Conjunction[]): boolean {
  return conjunctions.every(
    ({ all, none }) =>
      all.every(({ kind }) => kind === "address_public") &&
      none.every(({ kind }) => kind === "encoded_slash" || kind === "upgrade"),
  );
}

/** Null where nothing needs to be said. */
export function describeCondition(conjunctions: readonly Conjunction[]): string | null {
  if (isSilent(conjunctions)) return null;
  const time = describeTime(conjunctions);
  if (time !== null) return time;
  const [only] = conjunctions;
  if (conjunctions.length === 1 && only !== undefined && only.all.length === 0)
    return `unless ${listed(only.none.map(describePredicate), "or")}`;
  return `when ${conjunctions.map(describeConjunction).join(", or when ")}`;
}

function describeConjunction({ all, none }: Conjunction): string {
  const negative = none.map((predicate) => `not: ${describePredicate(predicate)}`);
  return [...all.map(describePredicate), ...negative].join(" and ");
}

/** Times in the order in which they come: before the first, between two, from the last on. */
function describeTime(conjunctions: readonly Conjunction[]): string | null {
  const literals = conjunctions.flatMap(({ all, none }) => [...all, ...none]);
  if (literals.length === 0 || literals.some(({ kind }) => kind !== "before")) return null;
  const msOf = (predicates: readonly Predicate[]) => predicates.flatMap((p) => (p.kind === "before" ? [p.ms] : []));
  return conjunctions
    .map(({ all, none }) => {
      const from = msOf(none);
      const until = msOf(all);
      return [
        from.length === 0 ? "" : `from ${new Date(Math.max(...from)).toISOString()} on`,
        until.length === 0 ? "" : `until ${new Date(Math.min(...until)).toISOString()}`,
      ]
        .filter((part) => part !== "")
        .join(" ");
    })
    .join(", and ");
}

type Said = Omit<RequestChange, "sentence" | "risk" | "example">;

/** "`/usr/bin/curl` may newly send POST and PUT to `api.github.com:443` under `/repos/**`." */
export function sentenceOf(change: Said): string {
  const who = listed(change.callers.map(describeCaller));
  const verb = change.effect === "allow" ? "may newly" : "may no longer";
  const where = placeOf(change);
  const tools = change.tools === null ? "" : ` for ${listed(change.tools.map(describeTextSet))}`;
  const said = isUpgrade(change)
    ? change.conditions.filter((words) => !UPGRADE_WORDS.includes(words))
    : change.conditions;
  const conditions = said.length === 0 ? "" : `, ${said.join(", and ")}`;
  return `${who} ${verb} ${deedOf(change, where)}${pathsOf(change)}${tools}${conditions}.`.replace(/^any/, "Any");
}

/** Host and port are one word where each is one; else the ports stand behind all hosts. */
function placeOf({ hosts, ports }: Said): string {
  const [port] = ports;
  const isPlain = ({ match, except, also, loose }: TextSet) =>
    match !== "" && match !== "**" && except.length === 0 && also === undefined && loose === undefined;
  if (ports.length === 1 && hosts.every(isPlain)) return listed(hosts.map(({ match }) => code(`${match}:${port}`)));
  const words = hosts.map((host) =>
    host.match === "" || host.match === "**"
      ? describeTextSet({ ...host, match: "" }).replace("``", "any host")
      : describeTextSet(host),
  );
  return `${listed(words)} on port${ports.length === 1 ? "" : "s"} ${listed(ports.map(String))}`;
}

function deedOf({ reach, methods, methodsExcept, protocol, where }: Said, place: string): string {
  if (reach.requests && reach.unreadable && reach.connection)
    return protocol === "raw"
      ? `open connections to ${place}, in which nothing is inspected`
      : `connect to ${place} and send anything`;
  if (!reach.requests)
    return reach.connection ? `open connections to ${place}` : `send what has no single reading to ${place}`;
  const except = methodsExcept.length === 0 ? "" : ` except ${listed(methodsExcept)}`;
  const any = methods?.includes("*") !== false;
  if (isUpgrade({ where, methods })) return `open a WebSocket to ${place}`;
  return `${any ? `send any method${except}` : `send ${listed(methods)}`} to ${place}`;
}

/** What "open a WebSocket" has said already. */
const UPGRADE_WORDS = ["when the request asks for an upgrade", "when the request opens a WebSocket"];
/** Only requests that ask for an upgrade, by the one method that can. */
const isUpgrade = ({ where, methods }: Pick<Said, "where" | "methods">): boolean =>
  methods?.length === 1 &&
  methods[0] === "GET" &&
  where.some(
    (conjunctions) =>
      conjunctions.length > 0 &&
      conjunctions.every(({ all }) => all.some(({ kind }) => kind === "upgrade" || kind === "may_upgrade")),
  );

/** A plain path is one place, `/x/**` all below it, any other glob a question to each path. */
function prepositionOf(pattern: string): string {
  if (!/[*?[]/.test(pattern)) return "at";
  return /^[^*?[]*\/\*\*$/.test(pattern) ? "under" : "matching";
}

function pathsOf({ paths, reach }: Said): string {
  if (paths === null || !reach.requests) return "";
  if (paths.some(({ match, except, also }) => match === "/**" && except.length === 0 && also === undefined))
    return " under any path";
  return ` ${listed(paths.map((set) => `${prepositionOf(set.match)} ${describeTextSet(set)}`))}`;
}
