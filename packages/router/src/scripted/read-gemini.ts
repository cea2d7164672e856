import type { JsonObject } from "../types.ts";
import { list, object, text } from "../wire/json.ts";
import type { Conversation, ConversationItem } from "./said.ts";
import type { OfferedTool } from "./tools.ts";

/** https://ai.google.dev/api/generate-content */
export function readGemini(json: JsonObject): Conversation {
  const items = list(json.contents).flatMap((entry): ConversationItem[] => {
    const content = object(entry);
    // A client that leaves the role out means the user.
    if (content.role !== undefined && content.role !== "user" && content.role !== "function") return [];
    return list(content.parts).flatMap((part): ConversationItem[] => {
      const { text: said, functionResponse } = object(part);
      if (functionResponse !== undefined) return [{ kind: "result", text: outputOf(object(functionResponse)) }];
      return typeof said === "string" ? [{ kind: "user", text: said }] : [];
    });
  });
  const mode = object(object(json.toolConfig).functionCallingConfig).mode;
  return { items, tools: mode === "NONE" ? [] : toolsOf(json) };
}

const toolsOf = (json: JsonObject): OfferedTool[] =>
  list(json.tools).flatMap((entry) =>
    list(object(entry).functionDeclarations).map((one): OfferedTool => {
      const { name, parameters, parametersJsonSchema } = object(one);
      return { kind: "function", name: text(name), schema: object(parametersJsonSchema ?? parameters) };
    }),
  );

/** Clients put what a tool printed under `output`, and what went wrong under `error`. */
function outputOf({ response }: JsonObject): string {
  const { output, error } = object(response);
  return text(output) || text(error) || JSON.stringify(response ?? "");
}
