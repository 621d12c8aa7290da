// When? A phrase, a day of the month grid, or one of the usual answers.
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useId, useState, type KeyboardEvent } from 'react';
import { useNow } from '../../lib/hooks';
import { addDaysTo, at, browserZone, dayOf, format, timeOf, weekdayOf } from '../../lib/zone';
import { m } from '../../messages';
import { useApp } from '../../state/app';
import { parseLine } from '../../state/line';
import { Button, IconButton, controls } from '../../ui/controls';
import css from './DatePicker.module.css';

export interface Picked {
  due_date: string;
  all_day: boolean;
}

const firstDays = { sunday: 0, monday: 1, saturday: 6 } as const;

function monthGrid(month: string, first: number): string[] {
  const start = `${month}-01`;
  const before = (weekdayOf(start) - first + 7) % 7;
  return Array.from({ length: 42 }, (_, index) => addDaysTo(start, index - before));
}

const shiftMonth = (month: string, by: number): string => {
  const date = new Date(`${month}-15T12:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() + by);
  return date.toISOString().slice(0, 7);
};

const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

function Grid({ chosen, onDay }: { chosen: string | null; onDay: (day: string) => void }) {
  const { settings } = useApp();
  const today = dayOf(useNow(), settings.zone);
  const [focused, setFocused] = useState(chosen ?? today);
  const [month, setMonth] = useState(focused.slice(0, 7));
  const words = (day: string, options: Intl.DateTimeFormatOptions) => format(`${day}T12:00:00Z`, { ...settings, zone: 'UTC' }, options);
  const days = monthGrid(month, firstDays[settings.weekStart]);
  const reachable = days.includes(focused) && focused.startsWith(month) ? focused : `${month}-01`;

  function onKeyDown(event: KeyboardEvent<HTMLTableElement>): void {
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = addDaysTo(reachable, step);
    const table = event.currentTarget;
    setFocused(next);
    setMonth(next.slice(0, 7));
    requestAnimationFrame(() => table.querySelector<HTMLElement>(`[data-day="${next}"]`)?.focus());
  }

  return (
    <div>
      <div className={css.head}>
        <strong aria-live="polite">{words(`${month}-15`, { month: 'long', year: 'numeric' })}</strong>
        <IconButton label={m.due.previousMonth} onClick={() => setMonth(shiftMonth(month, -1))}>
          <ChevronLeft size={20} aria-hidden="true" />
        </IconButton>
        <IconButton label={m.due.nextMonth} onClick={() => setMonth(shiftMonth(month, 1))}>
          <ChevronRight size={20} aria-hidden="true" />
        </IconButton>
      </div>
      <table className={css.grid} onKeyDown={onKeyDown}>
        <thead>
          <tr>
            {days.slice(0, 7).map((day) => (
              <th key={day} scope="col" abbr={words(day, { weekday: 'long' })}>
                {words(day, { weekday: 'narrow' })}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[0, 7, 14, 21, 28, 35].map((from) => (
            <tr key={from}>
              {days.slice(from, from + 7).map((day) => (
                <td key={day}>
                  <button
                    type="button"
                    className={css.day}
                    data-day={day}
                    data-outside={!day.startsWith(month) || undefined}
                    tabIndex={day === reachable ? 0 : -1}
                    aria-current={day === today ? 'date' : undefined}
                    aria-pressed={day === chosen}
                    aria-label={words(day, { weekday: 'long', day: 'numeric', month: 'long' })}
                    onClick={() => onDay(day)}
                  >
                    {Number(day.slice(8))}
                  </button>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface Props {
  value: Picked | null;
  /** Null takes the date away; left out where there has to be one. */
  onPick: (picked: Picked | null) => void;
  required?: boolean;
}

export function DatePicker({ value, onPick, required = false }: Props) {
  const { settings } = useApp();
  const { zone, weekStart } = settings;
  const now = useNow();
  const [text, setText] = useState('');
  const [problem, setProblem] = useState('');
  const id = useId();
  const today = dayOf(now, zone);
  const chosen = value && dayOf(value.due_date, zone);
  const time = value && !value.all_day ? timeOf(value.due_date, zone) : '';

  const pick = (day: string, clock: string): void => onPick(clock ? { due_date: at(day, clock, zone), all_day: false } : { due_date: at(day, '23:59', zone), all_day: true });

  async function understand(): Promise<void> {
    try {
      const parsed = await parseLine(text, zone);
      if (parsed.due_date) onPick({ due_date: new Date(parsed.due_date).toISOString(), all_day: parsed.all_day ?? false });
      else setProblem(m.due.notUnderstood);
    } catch {
      setProblem(m.problem.away);
    }
  }

  const toWeekend = (6 - weekdayOf(today) + 7) % 7;
  const toWeek = (firstDays[weekStart] - weekdayOf(today) + 7) % 7 || 7;
  const usual = [
    [m.due.todayLabel, today],
    [m.due.tomorrowLabel, addDaysTo(today, 1)],
    [m.due.weekend, addDaysTo(today, toWeekend)],
    [m.due.nextWeek, addDaysTo(today, toWeek)],
  ] as const;

  return (
    <div className={css.picker}>
      <input
        className={controls.input}
        aria-label={m.due.hint}
        placeholder={m.due.hint}
        aria-describedby={`${id}-problem`}
        value={text}
        autoFocus
        onChange={(event) => {
          setText(event.target.value);
          setProblem('');
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !text.trim()) return;
          event.preventDefault();
          void understand();
        }}
      />
      <span id={`${id}-problem`} role="alert" className={controls.error}>
        {problem}
      </span>
      <Grid chosen={chosen} onDay={(day) => pick(day, time)} />
      <div className={css.usual}>
        {usual.map(([label, day]) => (
          <Button key={label} onClick={() => pick(day, time)}>
            {label}
          </Button>
        ))}
      </div>
      <div className={css.foot}>
        <label htmlFor={`${id}-time`} className={controls.label}>
          {m.due.time}
        </label>
        <input
          id={`${id}-time`}
          type="time"
          className={controls.select}
          defaultValue={time}
          key={time}
          onBlur={(event) => {
            if (event.target.value !== time) pick(chosen ?? today, event.target.value);
          }}
          onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
        />
        {!required && value && <Button onClick={() => onPick(null)}>{m.due.none}</Button>}
      </div>
      {zone !== browserZone() && <p className={controls.hint}>{m.due.zone(zone)}</p>}
    </div>
  );
}
