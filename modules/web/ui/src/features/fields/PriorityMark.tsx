import type { Priority } from '../../api/types';
import { m } from '../../messages';
import css from './fields.module.css';

/** ▲ filled is high, ▽ outlined is low; medium goes without, but where all three stand side by side. */
export function PriorityMark({ priority, always = false }: { priority: Priority; always?: boolean }) {
  if (priority === 'medium' && !always) return null;
  const shapes = { high: 'M8 3.500 13.500 13H2.500Z', medium: 'M8 2.500 13.500 8 8 13.500 2.500 8Z', low: 'M2.500 4h11L8 13Z' };
  return (
    <>
      <svg className={css.mark} data-priority={priority} width="14" height="14" viewBox="0 0 16 16" aria-hidden="true">
        <path d={shapes[priority]} strokeWidth="1.75" strokeLinejoin="round" />
      </svg>
      {!always && <span className="hidden">{m.priority[priority]} </span>}
    </>
  );
}
