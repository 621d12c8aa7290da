import { m } from '../../messages';
import { Button, Empty } from '../../ui/controls';

export const Crash = () => (
  <main>
    <Empty title={m.crash.title}>
      <p>{m.crash.hint}</p>
      <Button look="primary" onClick={() => location.reload()}>
        {m.crash.reload}
      </Button>
    </Empty>
  </main>
);
