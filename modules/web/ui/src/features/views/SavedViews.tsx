import { Link, useRouterState } from '@tanstack/react-router';
import { X } from 'lucide-react';
import { m } from '../../messages';
import { readFilters } from '../tasks/filters';
import { useDeleteView, useSavedViews } from './useSavedViews';
import css from './SavedViews.module.css';

export function SavedViews() {
  const { data: views } = useSavedViews();
  const remove = useDeleteView();
  const here = useRouterState({ select: ({ location }) => new URLSearchParams(location.searchStr).toString() });
  if (!views || views.length === 0) return null;
  return (
    <section aria-labelledby="views-title">
      <h2 id="views-title" className={css.title}>
        {m.nav.views}
      </h2>
      <ul>
        {views.map(({ id, name, query }) => (
          <li key={id} className={css.line}>
            <Link to="/todos" search={readFilters(Object.fromEntries(new URLSearchParams(query)))} className={css.view} data-here={here === query || undefined}>
              <bdi>{name}</bdi>
            </Link>
            <button type="button" className={css.remove} aria-label={m.filters.deleteView(name)} onClick={() => remove.mutate(id)}>
              <X size={14} aria-hidden="true" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
