// Pages, views and tasks, by the first letters of their names.
import { useNavigate } from '@tanstack/react-router';
import { useId, useMemo, useState, type KeyboardEvent } from 'react';
import { m } from '../../messages';
import { useApp, useView } from '../../state/app';
import { openAdd, helpOpen, paletteOpen } from '../../state/surfaces';
import { controls } from '../../ui/controls';
import { Modal } from '../../ui/Modal';
import { readFilters } from '../tasks/filters';
import { useSavedViews } from '../views/useSavedViews';
import css from './Palette.module.css';

interface Entry {
  key: string;
  text: string;
  kind: string;
  run: () => void;
}

const shown = 12;

function useEntries(text: string): Entry[] {
  const navigate = useNavigate();
  const { actions } = useApp();
  const { tasks } = useView();
  const views = useSavedViews().data;
  return useMemo(() => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (name: string) => words.every((word) => name.toLowerCase().includes(word));
    const page = (key: string, name: string, run: () => void): Entry => ({ key, text: name, kind: m.keys.page, run });
    const fixed: Entry[] = [
      page('tasks', m.nav.tasks, () => void navigate({ to: '/todos', search: {} })),
      page('activity', m.nav.activity, () => void navigate({ to: '/activity' })),
      page('chat', m.nav.chat, () => void navigate({ to: '/chat' })),
      page('settings', m.nav.settings, () => void navigate({ to: '/settings/$part', params: { part: 'profile' } })),
      { key: 'add', text: m.nav.add, kind: 'Q', run: () => openAdd() },
      { key: 'undo', text: m.undo.undo, kind: '', run: actions.undo },
      { key: 'help', text: m.nav.help, kind: '?', run: () => helpOpen.set(true) },
    ];
    const saved = (views ?? []).map(
      (view): Entry => ({
        key: `view-${view.id}`,
        text: view.name,
        kind: m.nav.views,
        run: () => void navigate({ to: '/todos', search: readFilters(Object.fromEntries(new URLSearchParams(view.query))) }),
      }),
    );
    const found: Entry[] = [];
    if (words.length > 0) {
      for (const { id, title } of tasks.values()) {
        if (found.length >= shown) break;
        if (fits(title)) found.push({ key: `task-${id}`, text: title, kind: m.nav.tasks, run: () => void navigate({ to: '/todos/$id', params: { id: String(id) }, search: {} }) });
      }
    }
    return [...fixed, ...saved].filter((entry) => fits(entry.text)).concat(found).slice(0, shown);
  }, [text, tasks, views, navigate, actions]);
}

export function Palette() {
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const entries = useEntries(text);
  const id = useId();
  const close = () => paletteOpen.set(false);

  function choose(entry: Entry | undefined): void {
    if (!entry) return;
    close();
    entry.run();
  }

  function onKeyDown(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setActive((active + step + entries.length) % Math.max(1, entries.length));
    } else if (event.key === 'Enter') choose(entries[active]);
  }

  return (
    <Modal open onClose={close} title={m.keys.palette} hideTitle>
      <input
        className={controls.input}
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={entries[active] ? `${id}-${active}` : undefined}
        aria-label={m.keys.palette}
        placeholder={m.keys.palettePlaceholder}
        value={text}
        autoFocus
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={id} role="listbox" aria-label={m.keys.palette} className={css.list}>
        {entries.map((entry, index) => (
          // The keys are heard by the field, as a combobox has it.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events
          <div key={entry.key} id={`${id}-${index}`} role="option" tabIndex={-1} aria-selected={index === active} className={css.entry} onClick={() => choose(entry)}>
            <span dir="auto">{entry.text}</span>
            <span className={css.kind}>{entry.kind}</span>
          </div>
        ))}
      </div>
      {entries.length === 0 && <p className={controls.hint}>{m.keys.noResult}</p>}
    </Modal>
  );
}
