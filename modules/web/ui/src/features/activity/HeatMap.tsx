import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useNow } from '../../lib/hooks';
import { addDaysTo, at, dayOf, format } from '../../lib/zone';
import { m } from '../../messages';
import { useApp } from '../../state/app';
import css from './ActivityPage.module.css';
import { readEntries } from './export';
import { countByDay, heatWeeks, weekTotals, type Cell } from './heat';

const weeksShown = 12;

function Weeks({ weeks }: { weeks: readonly Cell[][] }) {
  const { settings } = useApp();
  const totals = weekTotals(weeks, weeksShown);
  const most = Math.max(1, ...totals.map(({ count }) => count));
  const name = (day: string) => format(`${day}T12:00:00Z`, { ...settings, zone: 'UTC' }, { day: 'numeric', month: 'short' });
  return (
    <figure className={css.figure}>
      <figcaption>{m.activity.perWeek}</figcaption>
      <ul className={css.bars} data-scrolls>
        {totals.map(({ day, count }) => (
          <li key={day} title={m.activity.week(name(day), count)}>
            <span className="hidden">{m.activity.week(name(day), count)}</span>
            <span className={css.barCount} aria-hidden="true">
              {count > 0 && count}
            </span>
            <span className={css.bar} style={{ height: `${Math.round((56 * count) / most)}px` }} />
          </li>
        ))}
      </ul>
    </figure>
  );
}

export function HeatMap() {
  const { settings } = useApp();
  const now = useNow();
  const today = dayOf(now, settings.zone);
  const { data: entries, isError } = useQuery({
    queryKey: ['audit', 'completions', today],
    queryFn: () => readEntries({ event_type: 'task.completed', after: at(addDaysTo(today, -371), '00:00', settings.zone) }),
  });
  const weeks = useMemo(
    () => heatWeeks(countByDay((entries ?? []).map(({ created_at }) => created_at), settings.zone), today, settings),
    [entries, today, settings],
  );
  const words = (day: string) => format(`${day}T12:00:00Z`, { ...settings, zone: 'UTC' }, { day: 'numeric', month: 'long', year: 'numeric' });
  // No year of nothing where nothing is known.
  if (isError) return null;
  // The newest week first, drawn from the right: a narrow screen then begins with it.
  return (
    <div className={css.figures}>
      <figure className={css.figure}>
        <figcaption>{entries ? m.activity.doneYear(entries.length) : m.activity.heat}</figcaption>
        <div className={css.heat} role="img" aria-label={m.activity.heat}>
          {weeks.toReversed().map((cells) => (
            <div key={cells[0]?.day} className={css.week}>
              {cells.map(({ day, count, level }) => (
                <span key={day} data-level={level} title={m.activity.heatCell(count, words(day))} />
              ))}
            </div>
          ))}
        </div>
        <div className={css.legend} aria-hidden="true">
          {m.activity.less}
          {[0, 1, 2, 3, 4].map((level) => (
            <span key={level} data-level={level} />
          ))}
          {m.activity.moreLegend}
        </div>
      </figure>
      <Weeks weeks={weeks} />
    </div>
  );
}
