// A stdio server with all that the official conformance suite asks of one. It does not start without a key, and tells it.
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import * as schemas from '@modelcontextprotocol/sdk/types.js';

if (!process.env.API_KEY) throw new Error('no API_KEY');
console.error(`key: ${process.env.API_KEY}`);

const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const silence = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';
const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
const text = (value) => ({ type: 'text', text: value });
const image = { type: 'image', data: pixel, mimeType: 'image/png' };
const resource = (uri, value, mimeType = 'text/plain') => ({
  type: 'resource',
  resource: { uri, mimeType, text: value },
});
const choices = (names) => names.map((title, index) => ({ const: `value${index + 1}`, title }));
const object = (properties, required = Object.keys(properties)) => ({ type: 'object', properties, required });
const string = { type: 'string' };

const elicit =
  (done, message, requestedSchema) =>
  async (args, { sendRequest }) => {
    const params = { message: message ?? args.message, requestedSchema };
    const { action, content } = await sendRequest({ method: 'elicitation/create', params }, schemas.ElicitResultSchema);
    return [text(`${done}: action=${action}, content=${JSON.stringify(content ?? {})}`)];
  };

const defaults = object(
  {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  },
  [],
);
const enums = object(
  {
    untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    titledSingle: { type: 'string', oneOf: choices(['First Option', 'Second Option', 'Third Option']) },
    legacyEnum: {
      type: 'string',
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
    titledMulti: { type: 'array', items: { anyOf: choices(['First Choice', 'Second Choice', 'Third Choice']) } },
  },
  [],
);
const schema202012 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: { address: { type: 'object', properties: { street: string, city: string } } },
  properties: { name: string, address: { $ref: '#/$defs/address' } },
  additionalProperties: false,
};

const noArguments = { type: 'object', properties: {} };
const tools = {
  test_simple_text: [noArguments, () => [text('This is a simple text response for testing.')]],
  test_image_content: [noArguments, () => [image]],
  test_audio_content: [noArguments, () => [{ type: 'audio', data: silence, mimeType: 'audio/wav' }]],
  test_embedded_resource: [
    noArguments,
    () => [resource('test://embedded-resource', 'This is an embedded resource content.')],
  ],
  test_multiple_content_types: [
    noArguments,
    () => [
      text('Multiple content types test:'),
      image,
      resource('test://mixed-content-resource', '{"test":"data","value":123}', 'application/json'),
    ],
  ],
  test_tool_with_logging: [
    noArguments,
    async (_args, { sendNotification }) => {
      for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
        await sendNotification({ method: 'notifications/message', params: { level: 'info', data } });
        await pause();
      }
      return [text('Tool with logging executed successfully')];
    },
  ],
  test_tool_with_progress: [
    noArguments,
    async (_args, { sendNotification, _meta }) => {
      for (const progress of [0, 50, 100]) {
        const params = { progressToken: _meta?.progressToken, progress, total: 100 };
        if (_meta?.progressToken !== undefined) await sendNotification({ method: 'notifications/progress', params });
        await pause();
      }
      return [text('Tool with progress executed successfully')];
    },
  ],
  test_error_handling: [
    noArguments,
    () => {
      throw new Error('This tool intentionally returns an error for testing');
    },
  ],
  test_sampling: [
    object({ prompt: string }),
    async ({ prompt }, { sendRequest }) => {
      const params = { messages: [{ role: 'user', content: text(prompt) }], maxTokens: 100 };
      const { content } = await sendRequest(
        { method: 'sampling/createMessage', params },
        schemas.CreateMessageResultSchema,
      );
      return [text(`LLM response: ${content.text}`)];
    },
  ],
  test_elicitation: [
    object({ message: string }),
    elicit('User response', undefined, object({ username: string, email: string })),
  ],
  test_elicitation_sep1034_defaults: [noArguments, elicit('Elicitation completed', 'Please check', defaults)],
  test_elicitation_sep1330_enums: [noArguments, elicit('Elicitation completed', 'Please choose', enums)],
  json_schema_2020_12_tool: [schema202012, () => [text('done')]],
  // Not of the suite: a launcher hides its parameter.
  keyed: [object({ api_key: string }), ({ api_key }) => [text(api_key)]],
};

const resources = {
  'test://static-text': { mimeType: 'text/plain', text: 'This is the content of the static text resource.' },
  'test://static-binary': { mimeType: 'image/png', blob: pixel },
  'test://watched-resource': { mimeType: 'text/plain', text: 'Watched resource content' },
};

const user = (content) => ({ role: 'user', content });
const prompts = {
  test_simple_prompt: [[], () => [user(text('This is a simple prompt for testing.'))]],
  test_prompt_with_arguments: [
    ['arg1', 'arg2'],
    ({ arg1, arg2 }) => [user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))],
  ],
  test_prompt_with_embedded_resource: [
    ['resourceUri'],
    ({ resourceUri }) => [
      user(resource(resourceUri, 'Embedded resource content for testing.')),
      user(text('Please process the embedded resource above.')),
    ],
  ],
  test_prompt_with_image: [[], () => [user(image), user(text('Please analyze the image above.'))]],
};

const capabilities = {
  tools: {},
  resources: { subscribe: true, listChanged: true },
  prompts: {},
  logging: {},
  completions: {},
};
const server = new Server({ name: 'everything', version: '1' }, { capabilities });
const on = (schema, handle) => server.setRequestHandler(schema, handle);

on(schemas.ListToolsRequestSchema, () => ({
  tools: Object.entries(tools).map(([name, [inputSchema]]) => ({ name, description: `The tool ${name}`, inputSchema })),
}));
on(schemas.CallToolRequestSchema, async ({ params: { name, arguments: args = {} } }, extra) => {
  try {
    return { content: await tools[name][1](args, extra) };
  } catch (error) {
    return { isError: true, content: [text(error.message)] };
  }
});
on(schemas.ListResourcesRequestSchema, () => ({
  resources: Object.entries(resources).map(([uri, { mimeType }]) => ({
    uri,
    name: uri,
    description: `The resource ${uri}`,
    mimeType,
  })),
}));
on(schemas.ListResourceTemplatesRequestSchema, () => ({
  resourceTemplates: [{ uriTemplate: 'test://template/{id}/data', name: 'template' }],
}));
on(schemas.ReadResourceRequestSchema, ({ params: { uri } }) => {
  const id = /^test:\/\/template\/(.+)\/data$/.exec(uri)?.[1];
  if (id === undefined) return { contents: [{ uri, ...resources[uri] }] };
  const body = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
  return { contents: [{ uri, mimeType: 'application/json', text: body }] };
});
on(schemas.SubscribeRequestSchema, () => ({}));
on(schemas.UnsubscribeRequestSchema, () => ({}));
on(schemas.ListPromptsRequestSchema, () => ({
  prompts: Object.entries(prompts).map(([name, [names]]) => ({
    name,
    description: `The prompt ${name}`,
    arguments: names.map((each) => ({ name: each, description: each, required: true })),
  })),
}));
on(schemas.GetPromptRequestSchema, ({ params: { name, arguments: args = {} } }) => ({
  messages: prompts[name][1](args),
}));
on(schemas.CompleteRequestSchema, () => ({ completion: { values: ['paris', 'park'], total: 2, hasMore: false } }));
on(schemas.SetLevelRequestSchema, () => ({}));

await server.connect(new StdioServerTransport());
