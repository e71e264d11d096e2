import { endpoint, type Endpoint } from '../../http/index.ts';
import { bodiesOf, checkRevision, isAdmin } from '../app/caller.ts';
import { pick } from '../app/listing.ts';
import { segmentView, type SegmentApp } from '../app/segment.ts';
import { listed, oneOrMany, wrapped } from '../schemas/common.ts';
import { SegmentCreate, SegmentShown, SegmentUpdate } from '../schemas/segment.ts';
import { oneOrManyShown } from './shown.ts';

/** https://docs.openstack.org/api-ref/network/v2/#segments */
export const segmentEndpoints = (segments: SegmentApp): readonly Endpoint[] => {
  const targetOf = (context: { params: { segment_id: string } }) => ({
    row: segments.load(context.params.segment_id),
  });
  return [
    endpoint({
      id: 'segments:list',
      method: 'GET',
      path: '/segments',
      policy: 'get_segment:list',
      response: listed('segments', SegmentShown),
      ok: 200,
      // A list leaves out what the caller may not see, which here is all.
      handler: (context) => (isAdmin(context) ? segments.list(context) : { segments: [] }),
    }),
    endpoint({
      id: 'segments:create',
      method: 'POST',
      path: '/segments',
      policy: 'create_segment',
      body: oneOrMany('segment', 'segments', SegmentCreate),
      response: oneOrManyShown('segment', 'segments', SegmentShown),
      ok: 201,
      handler: (context) => {
        const { many, bodies } = bodiesOf(context.body.segment, context.body.segments);
        const views = segments.create(bodies).map(segmentView);
        return many ? { segments: views } : { segment: views[0] };
      },
    }),
    endpoint({
      id: 'segments:show',
      method: 'GET',
      path: '/segments/{segment_id}',
      policy: 'get_segment',
      response: wrapped('segment', SegmentShown),
      ok: 200,
      target: targetOf,
      handler: (context) => ({ segment: pick(segmentView(context.target.row), context) }),
    }),
    endpoint({
      id: 'segments:update',
      method: 'PUT',
      path: '/segments/{segment_id}',
      policy: 'update_segment',
      body: wrapped('segment', SegmentUpdate),
      response: wrapped('segment', SegmentShown),
      ok: 200,
      target: targetOf,
      handler: (context) => {
        checkRevision(context, context.target.row);
        return { segment: segmentView(segments.update(context.target.row, context.body.segment)) };
      },
    }),
    endpoint({
      id: 'segments:delete',
      method: 'DELETE',
      path: '/segments/{segment_id}',
      policy: 'delete_segment',
      ok: 204,
      target: targetOf,
      handler: (context) => {
        checkRevision(context, context.target.row);
        segments.delete(context.target.row);
      },
    }),
  ];
};
