// A menu whose parts are loaded when it is opened for the first time: a list has one for each row.
import { lazy, Suspense, useState, type ComponentType, type MouseEvent, type ReactElement } from 'react';

interface Props<P extends object> {
  /** The items. The same function for all menus of a kind, so that they are loaded once. */
  load: () => Promise<{ default: ComponentType<P> }>;
  props: P;
  label: string;
  align?: 'start' | 'end';
  trigger: (props: { onClick?: (event: MouseEvent) => void }) => ReactElement;
}

const Menu = lazy(() => import('./Menu').then(({ Menu: component }) => ({ default: component })));
const loaded = new Map<unknown, ComponentType<never>>();

function itemsOf<P extends object>(load: Props<P>['load']): ComponentType<P> {
  const known = loaded.get(load) ?? lazy(load);
  loaded.set(load, known);
  return known as ComponentType<P>;
}

export function LazyMenu<P extends object>({ load, props, label, align, trigger }: Props<P>) {
  const [used, setUsed] = useState(false);
  const closed = trigger({
    onClick: (event) => {
      event.stopPropagation();
      setUsed(true);
    },
  });
  if (!used) return closed;
  const Items = itemsOf(load);
  return (
    <Suspense fallback={closed}>
      <Menu label={label} align={align} trigger={trigger({ onClick: (event) => event.stopPropagation() })}>
        <Items {...props} />
      </Menu>
    </Suspense>
  );
}
