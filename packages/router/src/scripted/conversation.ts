import type { JsonObject, Protocol } from "../types.ts";
import { contentText, list, object, text } from "../wire/json.ts";
import { readGemini } from "./read-gemini.ts";
import type { Conversation, ConversationItem } from "./said.ts";
import type { OfferedTool } from "./tools.ts";

const readers: Readonly<Record<Protocol, (json: JsonObject) => Conversation>> = {
  "openai-chat": readChat,
  "openai-responses": readResponses,
  "anthropic-messages": readMessages,
  gemini: readGemini,
};

export function readConversation(protocol: Protocol, json: JsonObject): Conversation {
  const conversation = readers[protocol](json);
  const choice = json.tool_choice;
  const forbidden = choice === "none" || object(choice).type === "none";
  return forbidden ? { ...conversation, tools: [] } : conversation;
}

function readChat(json: JsonObject): Conversation {
  const items = list(json.messages).flatMap((entry): ConversationItem[] => {
    const message = object(entry);
    const said = contentText(message.content);
    if (message.role === "user") return [{ kind: "user", text: said }];
    return message.role === "tool" ? [{ kind: "result", text: said }] : [];
  });
  const tools = list(json.tools).flatMap((entry): OfferedTool[] => {
    const tool = object(entry);
    const definition = object(tool.function);
    if (tool.type !== "function") return [];
    return [{ kind: "function", name: text(definition.name), schema: object(definition.parameters) }];
  });
  return { items, tools };
}

function readResponses(json: JsonObject): Conversation {
  const input = json.input;
  if (typeof input === "string") return { items: [{ kind: "user", text: input }], tools: responsesTools(json) };
  const items = list(input).flatMap((entry): ConversationItem[] => {
    const item = object(entry);
    const type = text(item.type);
    if (type.endsWith("_call_output")) return [{ kind: "result", text: outputText(item.output) }];
    return item.role === "user" ? [{ kind: "user", text: contentText(item.content) }] : [];
  });
  return { items, tools: responsesTools(json) };
}

function responsesTools(json: JsonObject): OfferedTool[] {
  return list(json.tools).flatMap((entry): OfferedTool[] => {
    const tool = object(entry);
    const schema = object(tool.parameters);
    if (tool.type === "function") return [{ kind: "function", name: text(tool.name), schema }];
    if (tool.type === "local_shell") return [{ kind: "local_shell", name: "local_shell", schema }];
    // A custom tool takes free text; only one that is a shell by name can be meant for a command.
    return tool.type === "custom" && /shell|bash/i.test(text(tool.name))
      ? [{ kind: "custom", name: text(tool.name), schema }]
      : [];
  });
}

const outputText = (value: unknown): string =>
  contentText(value) || contentText(object(value).content) || text(object(value).output);

function readMessages(json: JsonObject): Conversation {
  const items = list(json.messages).flatMap((entry): ConversationItem[] => {
    const message = object(entry);
    if (message.role !== "user") return [];
    const content = message.content;
    if (typeof content === "string") return [{ kind: "user", text: content }];
    return list(content).map((part): ConversationItem => {
      const block = object(part);
      if (block.type === "tool_result") return { kind: "result", text: contentText(block.content) };
      return { kind: "user", text: text(block.text) };
    });
  });
  const tools = list(json.tools).flatMap((entry): OfferedTool[] => {
    const tool = object(entry);
    // Anthropic's own bash tool comes without a schema and takes `command`.
    const builtin = text(tool.type).startsWith("bash_") ? { properties: { command: { type: "string" } } } : {};
    return [{ kind: "function", name: text(tool.name), schema: object(tool.input_schema ?? builtin) }];
  });
  return { items, tools };
}
