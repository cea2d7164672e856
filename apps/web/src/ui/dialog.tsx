"use client";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { Button } from "./button.tsx";

/** Back to the button that opened it; where that one is gone, to the page's content rather than to its very top. */
const focusAfter = (opener: Element | null): void => {
  const target = opener instanceof HTMLElement && opener.isConnected ? opener : document.getElementById("main");
  target?.focus();
};

/** One modal: traps focus, closes with Escape, gives focus back; a sheet at the bottom of a phone's screen. */
export const Dialog = (props: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description: ReactNode;
  children?: ReactNode;
  footer: ReactNode;
  wide?: boolean;
}) => {
  const opener = useRef<Element | null>(null);
  return (
    <Radix.Root open={props.open} onOpenChange={props.onOpenChange}>
      <Radix.Portal>
        {/* As high as the content: over a dialog that stands open below this one. */}
        <Radix.Overlay className="fixed inset-0 z-50 bg-black/45" />
        <Radix.Content
          // Dialogs are opened by state and have no trigger that the library could know, so the button is remembered here.
          onOpenAutoFocus={() => {
            opener.current = document.activeElement;
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            focusAfter(opener.current);
          }}
          className={`fixed z-50 flex max-h-[92dvh] flex-col rounded-md border border-line bg-panel shadow-[var(--shadow)] max-sm:inset-x-0 max-sm:bottom-0 sm:top-1/2 sm:left-1/2 sm:w-[calc(100vw-3rem)] sm:-translate-x-1/2 sm:-translate-y-1/2 ${props.wide ? "sm:max-w-4xl" : "sm:max-w-lg"}`}
        >
          <div className="border-b border-line px-4 py-3">
            <Radix.Title className="text-[1.15rem] font-semibold">{props.title}</Radix.Title>
            <Radix.Description asChild>
              <div className="mt-1 text-muted">{props.description}</div>
            </Radix.Description>
          </div>
          {props.children ? <div className="min-h-0 flex-1 overflow-y-auto px-4 py-3">{props.children}</div> : null}
          <div className="flex flex-wrap items-center justify-end gap-2 border-t border-line px-4 py-3">
            {props.footer}
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
};

/** The one confirm dialog: says what the act will touch, and its button repeats the act instead of saying "OK". */
export const ConfirmDialog = (props: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  touches: ReactNode;
  confirm: string;
  destructive?: boolean;
  busy?: boolean;
  error?: ReactNode;
  onConfirm: () => void;
}) => (
  <Dialog
    open={props.open}
    onOpenChange={props.onOpenChange}
    title={props.title}
    description={props.touches}
    footer={
      <>
        <Button onClick={() => props.onOpenChange(false)}>Cancel</Button>
        <Button look={props.destructive ? "danger" : "primary"} busy={props.busy} onClick={props.onConfirm}>
          {props.confirm}
        </Button>
      </>
    }
  >
    {props.error}
  </Dialog>
);
