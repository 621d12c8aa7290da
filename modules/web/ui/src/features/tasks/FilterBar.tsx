import { useNavigate } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useMedia, wideEnough } from '../../lib/hooks';
import { useKeys } from '../../lib/keys';
import { m } from '../../messages';
import { showToast } from '../../state/toasts';
import { Button, Chip, Choice, classes, controls } from '../../ui/controls';
import { useTags } from '../fields/TagPicker';
import { useSaveView, useSavedViews } from '../views/useSavedViews';
import { isFiltered, readFilters, type Filters } from './filters';
import css from './FilterBar.module.css';

const pause = 150;

function SearchField({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  const sent = useRef(value);
  useKeys({ '/': () => field.current?.focus() });
  useEffect(() => {
    if (value !== sent.current) setText(value);
    sent.current = value;
  }, [value]);
  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text;
      onChange(text);
    }, pause);
    return () => clearTimeout(timer);
  }, [text, onChange]);
  return (
    <div className={css.search}>
      <Search size={16} aria-hidden="true" />
      <input
        ref={field}
        type="search"
        aria-label={m.filters.search}
        placeholder={m.filters.search}
        maxLength={200}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && field.current?.blur()}
      />
      <kbd aria-hidden="true">/</kbd>
    </div>
  );
}

type Pill = 'status' | 'priority' | 'due' | 'tag';

function useOptions(): Record<Pill, readonly (readonly [string, string])[]> {
  const tags = useTags().data ?? [];
  return {
    status: [['completed', m.filters.statuses.completed], ['all', m.filters.statuses.all]],
    priority: [['high', m.priority.high], ['medium', m.priority.medium], ['low', m.priority.low]],
    due: [['late', m.filters.dues.late], ['today', m.filters.dues.today], ['week', m.filters.dues.week], ['none', m.filters.dues.none]],
    tag: tags.map(({ name }) => [name, `#${name}`] as const),
  };
}

/** A filter that is set is a chip that can be taken away; one that is not is a choice. */
function FilterPill({ name, filters, onSet }: { name: Pill; filters: Filters; onSet: (set: Filters) => void }) {
  const options = useOptions()[name];
  const value = filters[name];
  if (value !== undefined) {
    const text = options.find(([key]) => key === value)?.[1] ?? (name === 'tag' ? `#${value}` : value);
    return (
      <Chip look="on" removeLabel={m.filters.remove(text)} onRemove={() => onSet({ [name]: undefined })}>
        <bdi>{text}</bdi>
      </Chip>
    );
  }
  if (options.length === 0) return null;
  return (
    <select className={css.pill} aria-label={m.filters[name]} value="" onChange={(event) => onSet({ [name]: event.target.value })}>
      <option value="">{m.filters[name]}</option>
      {options.map(([key, text]) => (
        <option key={key} value={key}>
          {text}
        </option>
      ))}
    </select>
  );
}

/** On a small screen, where no sidebar lists them. */
function ViewPill() {
  const { data: views } = useSavedViews();
  const navigate = useNavigate();
  if (!views || views.length === 0) return null;
  return (
    <select
      className={css.pill}
      aria-label={m.nav.views}
      value=""
      onChange={({ target }) => {
        const view = views.find(({ id }) => String(id) === target.value);
        if (view) void navigate({ to: '/todos', search: readFilters(Object.fromEntries(new URLSearchParams(view.query))) });
      }}
    >
      <option value="">{m.nav.views}</option>
      {views.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  );
}

function SaveView({ filters }: { filters: Filters }) {
  const [open, setOpen] = useState(false);
  const [name, setName] = useState('');
  const save = useSaveView();
  const submit = (): void => {
    const query = new URLSearchParams(filters as Record<string, string>).toString();
    save.mutate({ name: name.trim(), query }, { onSuccess: () => showToast(m.filters.viewSaved(name.trim())) });
    setName('');
    setOpen(false);
  };
  if (!open) {
    return (
      <Button look="link" onClick={() => setOpen(true)}>
        {m.nav.saveView}
      </Button>
    );
  }
  return (
    <form
      className={css.save}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <input
        className={classes(controls.input, css.viewName)}
        aria-label={m.filters.viewName}
        placeholder={m.filters.viewName}
        maxLength={100}
        value={name}
        autoFocus
        onChange={(event) => setName(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && setOpen(false)}
      />
      <Button look="primary" type="submit" disabled={name.trim() === ''}>
        {m.save}
      </Button>
    </form>
  );
}

const sorts = ['due_date', 'priority', 'title', 'created_at'] as const;

export function FilterBar({ filters }: { filters: Filters }) {
  const wide = useMedia(wideEnough);
  const navigate = useNavigate();
  const set = (change: Filters, replace = false): void =>
    void navigate({
      to: '.',
      replace,
      search: (before: Filters) => Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value)) as Filters,
    });
  const latest = useRef(set);
  latest.current = set;
  const [search] = useState(() => (text: string) => latest.current({ search: text || undefined }, true));
  return (
    <div className={css.bar} role="search" aria-label={m.filters.label}>
      <SearchField value={filters.search ?? ''} onChange={search} />
      <div className={css.pills} data-scrolls>
        {!wide && <ViewPill />}
        {(['status', 'priority', 'due', 'tag'] as const).map((name) => (
          <FilterPill key={name} name={name} filters={filters} onSet={set} />
        ))}
        {isFiltered(filters) && (
          <>
            <Button look="link" onClick={() => set({ status: undefined, priority: undefined, due: undefined, tag: undefined, search: undefined })}>
              {m.tasks.clearFilters}
            </Button>
            <SaveView filters={filters} />
          </>
        )}
      </div>
      <span className={css.sort}>
        <Choice
          hidden
          label={m.filters.sort}
          value={filters.sort ?? 'due_date'}
          options={sorts.map((sort) => [sort, m.filters.sorts[sort]] as const)}
          onChange={(sort) => set({ sort: sort === 'due_date' ? undefined : sort })}
        />
      </span>
    </div>
  );
}
