"use client";
import { type Weekday, WORD_CHARS_MAX, weekdays } from "@creel/approvals";
import { Field } from "../../../../ui/field.tsx";
import { type FreezeForm, ownTimezone } from "./form.ts";

const dayWords: Record<Weekday, string> = {
  mon: "Mon",
  tue: "Tue",
  wed: "Wed",
  thu: "Thu",
  fri: "Fri",
  sat: "Sat",
  sun: "Sun",
};

/** Hours of every week in which nothing that the rule selects is applied; without a day there are none. */
export const WeeklyFreeze = (props: { freeze: FreezeForm; onChange: (freeze: FreezeForm) => void }) => {
  const { freeze } = props;
  const set = (key: "from" | "until" | "timezone" | "reason") => (event: { target: { value: string } }) =>
    props.onChange({ ...freeze, [key]: event.target.value });
  const toggle = (day: Weekday) => {
    const chosen = freeze.days.includes(day) ? freeze.days.filter((each) => each !== day) : [...freeze.days, day];
    props.onChange({
      ...freeze,
      days: weekdays.filter((each) => chosen.includes(each)),
      timezone: freeze.timezone || ownTimezone(),
    });
  };
  return (
    <fieldset className="grid gap-3">
      <legend className="font-medium">Apply nothing, every week on</legend>
      <div className="mt-1 flex flex-wrap gap-x-4 gap-y-1">
        {weekdays.map((day) => (
          <label key={day} className="flex items-center gap-1.5">
            <input type="checkbox" checked={freeze.days.includes(day)} onChange={() => toggle(day)} />
            {dayWords[day]}
          </label>
        ))}
      </div>
      {freeze.days.length === 0 ? null : (
        <>
          <div className="grid grid-cols-2 gap-3">
            <Field label="From" type="time" value={freeze.from} onChange={set("from")} />
            <Field label="Until" type="time" value={freeze.until} onChange={set("until")} />
          </div>
          <Field
            label="By the clocks of"
            value={freeze.timezone}
            onChange={set("timezone")}
            hint="A time zone, like Europe/Berlin. An end that is not later than the beginning is one of the day after."
            autoComplete="off"
            spellCheck={false}
          />
          <Field
            label="Why"
            value={freeze.reason}
            onChange={set("reason")}
            maxLength={WORD_CHARS_MAX}
            autoComplete="off"
          />
        </>
      )}
    </fieldset>
  );
};
