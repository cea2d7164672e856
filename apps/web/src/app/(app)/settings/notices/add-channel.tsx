"use client";
import type { notice } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { Button } from "../../../../ui/button.tsx";
import { CopyText } from "../../../../ui/copy.tsx";
import { Dialog } from "../../../../ui/dialog.tsx";
import { Field, SelectField } from "../../../../ui/field.tsx";
import { Refusal } from "../../../../ui/states.tsx";

export type Whose = "mine" | "org";
export interface TopicChoice {
  value: notice.NoticeTopic;
  text: string;
}
type Kind = "email" | "slack" | "webhook";

const kinds: readonly { value: Kind; text: string; label: string; example: string }[] = [
  { value: "email", text: "Mail", label: "Address", example: "ada@example.com" },
  { value: "slack", text: "Slack or what takes its messages", label: "Incoming webhook's URL", example: "https://…" },
  { value: "webhook", text: "Webhook (signed)", label: "URL", example: "https://…" },
];
const whens = [
  { value: "", text: "At once" },
  { value: "15", text: "Gathered for 15 minutes" },
  { value: "60", text: "Gathered for an hour" },
  { value: "1440", text: "Gathered for a day" },
];

export const AddChannel = (props: { whose: Whose; topics: readonly TopicChoice[]; refusal: string | null }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [kind, setKind] = useState<Kind>("email");
  const [where, setWhere] = useState("");
  const [when, setWhen] = useState("");
  const [chosen, setChosen] = useState<ReadonlySet<notice.NoticeTopic>>(new Set());
  const add = useMutation({
    ...(props.whose === "mine" ? trpc.notice.createMyChannel : trpc.notice.createChannel).mutationOptions(),
    onSuccess: ({ secret }) => {
      void queryClient.invalidateQueries(trpc.notice.pathFilter());
      if (secret === null) setOpen(false);
    },
  });
  const change = (next: boolean) => {
    setOpen(next);
    add.reset();
    setName("");
    setWhere("");
    setChosen(new Set());
  };
  const toggle = (topic: notice.NoticeTopic) =>
    setChosen((before) => new Set(before.has(topic) ? [...before].filter((one) => one !== topic) : [...before, topic]));
  const submit = () =>
    add.mutate({
      name: name.trim(),
      target: kind === "email" ? { kind, address: where.trim() } : { kind, url: where.trim() },
      topics: [...chosen],
      ...(when === "" ? {} : { digestMinutes: Number(when) }),
    });
  const missing =
    name.trim() === "" || where.trim() === ""
      ? "Say what it is called and where it goes."
      : chosen.size === 0
        ? "Choose what to be told of."
        : null;
  const secret = add.data?.secret ?? null;
  const shape = kinds.find(({ value }) => value === kind) ?? kinds[0];
  return (
    <>
      <Button look="primary" disabledReason={props.refusal} onClick={() => change(true)}>
        Add a channel
      </Button>
      <Dialog
        open={open}
        onOpenChange={change}
        title={props.whose === "mine" ? "A channel of yours" : "A channel of the organization"}
        description={
          props.whose === "mine"
            ? "It tells what you may read yourself at the moment it happens."
            : "Whoever reads there is told, whatever they may see here."
        }
        footer={
          secret === null ? (
            <>
              <Button onClick={() => change(false)}>Cancel</Button>
              <Button look="primary" busy={add.isPending} disabledReason={missing} onClick={submit}>
                Add the channel
              </Button>
            </>
          ) : (
            <Button look="primary" onClick={() => change(false)}>
              Done
            </Button>
          )
        }
      >
        {secret === null ? (
          <div className="grid gap-3">
            {add.error ? <Refusal>{shownError(add.error).message}</Refusal> : null}
            <Field
              label="Name"
              value={name}
              maxLength={64}
              autoComplete="off"
              placeholder="on call"
              onChange={(event) => setName(event.target.value)}
            />
            <SelectField
              label="Kind"
              value={kind}
              options={kinds}
              onChange={(event) => setKind(kinds.find(({ value }) => value === event.target.value)?.value ?? "email")}
            />
            <Field
              label={shape?.label ?? "Address"}
              value={where}
              autoComplete="off"
              placeholder={shape?.example}
              onChange={(event) => setWhere(event.target.value)}
            />
            <SelectField label="When" value={when} options={whens} onChange={(event) => setWhen(event.target.value)} />
            <fieldset className="grid gap-1">
              <legend className="font-medium">Told of</legend>
              {props.topics.map(({ value, text }) => (
                <label key={value} className="flex items-center gap-2">
                  <input type="checkbox" checked={chosen.has(value)} onChange={() => toggle(value)} />
                  {text}
                </label>
              ))}
            </fieldset>
          </div>
        ) : (
          <div className="grid gap-2">
            <p>
              Each message is signed with this secret, as Standard Webhooks say. Copy it now: it cannot be shown again.
            </p>
            <CopyText label="Signing secret" text={secret} />
          </div>
        )}
      </Dialog>
    </>
  );
};
