// Buttons, fields and states.
import { useId, type ComponentProps, type ReactNode } from 'react';
import { X } from 'lucide-react';
import { m } from '../messages';
import css from './controls.module.css';

export const classes = (...names: (string | false | undefined)[]): string => names.filter(Boolean).join(' ');

type Look = 'primary' | 'danger' | 'plain' | 'link';
export function Button({ look, className, ...rest }: ComponentProps<'button'> & { look?: Look }) {
  return <button type="button" className={classes(css.button, look && css[look], className)} {...rest} />;
}

/** Shows only an icon; `label` is its name. */
export function IconButton({ label, className, ...rest }: ComponentProps<'button'> & { label: string }) {
  return <button type="button" aria-label={label} title={label} className={classes(css.icon, className)} {...rest} />;
}

export function Field({ label, error, hint, ...rest }: ComponentProps<'input'> & { label: string; error?: string; hint?: string }) {
  const id = useId();
  return (
    <div className={css.field}>
      <label className={css.label} htmlFor={id}>
        {label}
      </label>
      <input id={id} className={css.input} aria-invalid={error ? true : undefined} aria-describedby={error || hint ? `${id}-more` : undefined} {...rest} />
      {(error ?? hint) && (
        <span id={`${id}-more`} className={error ? css.error : css.hint}>
          {error ?? hint}
        </span>
      )}
    </div>
  );
}

export function Choice<T extends string>({
  label,
  value,
  options,
  onChange,
  hidden = false,
}: {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
  /** The label is heard, not seen. */
  hidden?: boolean;
}) {
  const id = useId();
  return (
    <div className={css.field}>
      <label className={hidden ? 'hidden' : css.label} htmlFor={id}>
        {label}
      </label>
      <select id={id} className={css.select} value={value} onChange={(event) => onChange(event.target.value as T)}>
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Chip({ children, onRemove, removeLabel, look }: { children: ReactNode; onRemove?: () => void; removeLabel?: string; look?: 'on' | 'error' }) {
  return (
    <span className={classes(css.chip, look === 'on' && css.chipOn, look === 'error' && css.chipError)}>
      {children}
      {onRemove && (
        <button type="button" className={css.chipButton} aria-label={removeLabel} title={removeLabel} onClick={onRemove}>
          <X size={14} aria-hidden="true" />
        </button>
      )}
    </span>
  );
}

export function Failed({ text, onRetry }: { text: string; onRetry: () => void }) {
  return (
    <div className={css.state} role="alert">
      <strong>{text}</strong>
      <Button onClick={onRetry}>{m.retry}</Button>
    </div>
  );
}

export const Empty = ({ title, children }: { title: string; children?: ReactNode }) => (
  <div className={css.state}>
    <strong>{title}</strong>
    {children}
  </div>
);

/** Grey lines in the shape of what comes. */
export function Skeleton({ lines, label = m.loading }: { lines: number; label?: string }) {
  return (
    <div role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, index) => (
        <div key={index} className={css.skeleton} data-line={index % 4} />
      ))}
    </div>
  );
}

export { css as controls };
