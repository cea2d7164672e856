"use client";
import type { Permission, RoleView } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { Button } from "../../../../ui/button.tsx";
import { Dialog } from "../../../../ui/dialog.tsx";
import { Field } from "../../../../ui/field.tsx";
import { Refusal } from "../../../../ui/states.tsx";

/** Makes a role, or changes one; `all` is every permission there is. */
export const RoleDialog = (props: { role: RoleView | null; all: readonly Permission[]; onClose: () => void }) => {
  const { role, all, onClose } = props;
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [name, setName] = useState(role?.name ?? "");
  const [description, setDescription] = useState(role?.description ?? "");
  const [chosen, setChosen] = useState<ReadonlySet<Permission>>(new Set(role?.permissions ?? []));
  const done = {
    onSuccess: () => {
      void queryClient.invalidateQueries(trpc.role.pathFilter());
      onClose();
    },
  };
  const create = useMutation(trpc.role.create.mutationOptions(done));
  const update = useMutation(trpc.role.update.mutationOptions(done));
  const problem = create.error ?? update.error;
  const kinds = [...new Set(all.map((permission) => permission.split(":")[0] ?? ""))];
  const toggle = (permission: Permission) =>
    setChosen((before) => {
      const after = new Set(before);
      if (!after.delete(permission)) after.add(permission);
      return after;
    });
  const permissions = [...chosen];
  const submit = () =>
    role === null
      ? create.mutate({ name: name.trim(), description, permissions })
      : update.mutate({ roleId: role.id, description, permissions });
  const missing = name.trim() === "" ? "Give it a name." : chosen.size === 0 ? "Choose at least one permission." : null;
  return (
    <Dialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      wide
      title={role === null ? "New role" : `Change ${role.name}`}
      description={
        role === null
          ? "Whoever gives it must hold all of it."
          : `It holds for ${role.grantCount} grants at once. Whoever loses something is signed out.`
      }
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" busy={create.isPending || update.isPending} disabledReason={missing} onClick={submit}>
            {role === null ? "Make role" : "Change role"}
          </Button>
        </>
      }
    >
      <div className="grid gap-3">
        {problem ? <Refusal>{shownError(problem).message}</Refusal> : null}
        {role === null ? (
          <Field
            label="Name"
            value={name}
            onChange={(event) => setName(event.target.value)}
            maxLength={63}
            autoComplete="off"
            placeholder="release-manager"
          />
        ) : null}
        <Field
          label="What it is for"
          value={description}
          onChange={(event) => setDescription(event.target.value)}
          maxLength={500}
          autoComplete="off"
        />
        <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
          {kinds.map((kind) => (
            <fieldset key={kind} className="rounded border border-line px-3 py-2">
              <legend className="px-1 font-medium">{kind.replaceAll("_", " ")}</legend>
              {all
                .filter((permission) => permission.startsWith(`${kind}:`))
                .map((permission) => (
                  <label key={permission} className="mr-3 inline-flex items-center gap-1">
                    <input type="checkbox" checked={chosen.has(permission)} onChange={() => toggle(permission)} />
                    {permission.slice(kind.length + 1).replaceAll("_", " ")}
                  </label>
                ))}
            </fieldset>
          ))}
        </div>
      </div>
    </Dialog>
  );
};
