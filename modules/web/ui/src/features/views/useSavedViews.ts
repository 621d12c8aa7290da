import { useMutation, useQuery } from '@tanstack/react-query';
import { api, data } from '../../api/client';
import { queries } from '../../state/queries';

const key = ['views'];
const again = () => queries.invalidateQueries({ queryKey: key });

export const useSavedViews = () => useQuery({ queryKey: key, queryFn: async () => (await data(api.GET('/api/views', {}))).items });

export const useSaveView = () =>
  useMutation({ mutationFn: (view: { name: string; query: string }) => data(api.POST('/api/views', { body: view })), onSuccess: again });

export const useDeleteView = () =>
  useMutation({ mutationFn: (id: number) => api.DELETE('/api/views/{id}', { params: { path: { id } } }), onSuccess: again });
