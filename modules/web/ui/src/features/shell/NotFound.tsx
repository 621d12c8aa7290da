import { Link } from '@tanstack/react-router';
import { useTitle } from '../../lib/title';
import { m } from '../../messages';
import { Empty } from '../../ui/controls';

export function NotFound() {
  useTitle(m.notFound.title);
  return (
    <>
      <h1 className="hidden">{m.notFound.title}</h1>
      <Empty title={m.notFound.text}>
        <Link to="/todos" search={{}}>
          {m.notFound.back}
        </Link>
      </Empty>
    </>
  );
}
