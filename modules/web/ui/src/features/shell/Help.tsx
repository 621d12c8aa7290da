import { useSignal } from '../../lib/signal';
import { keyLabels, singleKeys } from '../../lib/keys';
import { m } from '../../messages';
import { helpOpen } from '../../state/surfaces';
import { Modal } from '../../ui/Modal';
import css from './Help.module.css';

function Keys({ title, list }: { title: string; list: Record<string, string> }) {
  return (
    <section>
      <h3 className={css.title}>{title}</h3>
      <dl className={css.list}>
        {Object.entries(list).map(([keys, text]) => (
          <div key={keys} className={css.line}>
            <dt>{text}</dt>
            <dd>
              {keyLabels(keys).map((label, index) => (label === '/' && keys !== '/' ? ' / ' : <kbd key={index}>{label}</kbd>))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

export function Help() {
  const single = useSignal(singleKeys);
  return (
    <Modal open onClose={() => helpOpen.set(false)} title={m.keys.title} closable>
      {!single && <p>{m.keys.off}</p>}
      <Keys title={m.keys.anywhere} list={m.keys.list} />
      <Keys title={m.keys.inList} list={m.keys.listKeys} />
    </Modal>
  );
}
