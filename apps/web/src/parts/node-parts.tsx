import type { NodeView } from "@creel/core";
import type { ModelInfo } from "@creel/protocol";
import { paths } from "../lib/paths.ts";
import { Badge } from "../ui/badge.tsx";
import { TextLink } from "../ui/link.tsx";
import { Mono } from "../ui/panel.tsx";

export const NodeStateBadge = ({ node }: { node: NodeView }) => {
  if (node.state !== "active") return <Badge tone="deny">{node.state}</Badge>;
  return node.connected ? <Badge tone="allow">connected</Badge> : <Badge tone="wait">not connected</Badge>;
};

/** How strong this host holds, in three numbers; each leads to the list of layers. */
export const LayerSummary = ({ node }: { node: NodeView }) => {
  const layers = node.capabilities?.layers ?? [];
  if (layers.length === 0) return <span className="text-muted">not reported yet</span>;
  const count = (state: string) => layers.filter((layer) => layer.state === state).length;
  const parts = [`${count("enforced")} enforced`, `${count("weaker")} weaker`, `${count("missing")} missing`];
  return <TextLink href={`${paths.node(node.id)}#layers`}>{parts.join(" · ")}</TextLink>;
};

export const ModelName = ({ model }: { model: ModelInfo | null }) => {
  if (model === null) return <span className="text-muted">not reported yet</span>;
  if (model.scripted) return <>Scripted demo model</>;
  return (
    <>
      {model.provider} <Mono>{model.name}</Mono>
    </>
  );
};

/** A scripted model must never pass for a real one. */
export const ScriptedNote = ({ model }: { model: ModelInfo | null }) =>
  model?.scripted ? (
    <p className="rounded border border-line bg-sunken px-3 py-2">
      <strong>Scripted demo model — replies follow a fixed script.</strong> The agent, its tool calls and every decision
      are real; only the model&apos;s words are not. Give the node a model key, or start Ollama or vLLM beside it, for a
      real one.
    </p>
  ) : null;
