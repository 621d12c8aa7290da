// Only what is done to many tasks at once is asked about; everything can be undone.
import { lazy, Suspense, useMemo, useState, type ReactNode } from 'react';
import { m } from '../../messages';
import { Button } from '../../ui/controls';
import css from './TasksPage.module.css';

const Modal = lazy(() => import('../../ui/Modal').then(({ Modal: component }) => ({ default: component })));

const many = 20;

interface Question {
  count: number;
  what: 'delete' | 'complete';
  run: () => void;
}

export function useConfirm(): { ask: (count: number, what: Question['what'], run: () => void) => void; dialog: ReactNode } {
  const [question, setQuestion] = useState<Question | null>(null);
  return useMemo(() => {
    const ask = (count: number, what: Question['what'], run: () => void): void => {
      if (count > many) setQuestion({ count, what, run });
      else if (count > 0) run();
    };
    const close = () => setQuestion(null);
    const dialog = question && (
      <Suspense>
      <Modal open onClose={close} title={question.what === 'delete' ? m.confirm.deleteMany(question.count) : m.confirm.completeMany(question.count)}>
        <p>{question.what === 'delete' && m.confirm.deleteHint}</p>
        <div className={css.answers}>
          <Button onClick={close}>{m.cancel}</Button>
          <Button
            look={question.what === 'delete' ? 'danger' : 'primary'}
            onClick={() => {
              close();
              question.run();
            }}
          >
            {question.what === 'delete' ? m.confirm.delete : m.confirm.complete}
          </Button>
        </div>
      </Modal>
      </Suspense>
    );
    return { ask, dialog };
  }, [question]);
}
