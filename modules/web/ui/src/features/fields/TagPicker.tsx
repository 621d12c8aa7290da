import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { api, data } from '../../api/client';
import { m } from '../../messages';
import { Chip, controls } from '../../ui/controls';
import css from './fields.module.css';

export const useTags = () => useQuery({ queryKey: ['tags'], queryFn: async () => (await data(api.GET('/api/tags', {}))).items });

const offered = 8;

/** `onRemove` where the tags of one task are edited, not many at once. */
export function TagPicker({ tags, onAdd, onRemove }: { tags: readonly string[]; onAdd: (tag: string) => void; onRemove?: (tag: string) => void }) {
  const [text, setText] = useState('');
  const known = useTags().data ?? [];
  const id = useId();
  const typed = text.replace(/^#/, '').trim();
  const has = (name: string) => tags.some((tag) => tag.toLowerCase() === name.toLowerCase());
  const fitting = known.filter(({ name }) => !has(name) && name.toLowerCase().includes(typed.toLowerCase())).slice(0, offered);

  function add(tag: string): void {
    if (tag && !has(tag)) onAdd(tag);
    setText('');
  }

  return (
    <div className={css.tags}>
      {onRemove && tags.length > 0 && (
        <ul className={css.row}>
          {tags.map((tag) => (
            <li key={tag}>
              <Chip look="on" removeLabel={m.task.removeTag(tag)} onRemove={() => onRemove(tag)}>
                <bdi>#{tag}</bdi>
              </Chip>
            </li>
          ))}
        </ul>
      )}
      <input
        id={id}
        className={controls.input}
        aria-label={m.task.addTag}
        placeholder={m.task.addTag}
        value={text}
        maxLength={51}
        autoFocus
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
          event.preventDefault();
          add(typed);
        }}
      />
      {fitting.length > 0 && (
        <ul className={css.row}>
          {fitting.map(({ id: tagId, name }) => (
            <li key={tagId}>
              <button type="button" className={css.offer} onClick={() => add(name)}>
                <bdi>#{name}</bdi>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
