// Made by `python -m tools.gen_ui_types` from the endpoint table; edit the table, not this file.


export interface Nothing {
}

export interface CreateExperiment {
  name: string;
  artifact_location?: string;
  tags?: KeyValue[];
}

export interface EnsureExperiment {
  name: string;
}

export interface GetExperiment {
  experiment_id: string;
}

export interface GetExperimentByName {
  experiment_name: string;
}

export interface SearchExperiments {
  max_results?: number;
  page_token?: string;
  filter?: string;
  order_by?: string[];
  view_type?: "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";
}

export interface UpdateExperiment {
  experiment_id: string;
  new_name: string;
}

export interface DeleteExperiment {
  experiment_id: string;
}

export interface RestoreExperiment {
  experiment_id: string;
}

export interface SetExperimentTag {
  experiment_id: string;
  key: string;
  value?: string;
}

export interface DeleteExperimentTag {
  experiment_id: string;
  key: string;
}

export interface SearchDatasets {
  experiment_ids?: string[];
}

export interface CreateRun {
  experiment_id?: string;
  user_id?: string;
  run_name?: string;
  start_time?: number;
  tags?: KeyValue[];
  run_id?: string;
}

export interface UpdateRun {
  run_id?: string;
  run_uuid?: string;
  status?: "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";
  end_time?: number;
  run_name?: string;
}

export interface DeleteRun {
  run_id?: string;
  run_uuid?: string;
}

export interface RestoreRun {
  run_id?: string;
  run_uuid?: string;
}

export interface GetRun {
  run_id?: string;
  run_uuid?: string;
}

export interface SearchRuns {
  experiment_ids?: string[];
  filter?: string;
  run_view_type?: "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";
  max_results?: number;
  order_by?: string[];
  page_token?: string;
}

export interface ProjectRuns {
  experiment_ids?: string[];
  filter?: string;
  run_view_type?: "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";
  max_results?: number;
  order_by?: string[];
  page_token?: string;
  metrics?: string[];
  params?: string[];
  tags?: string[];
  inputs?: boolean;
}

export interface CountRuns {
  experiment_ids?: string[];
  filter?: string;
  run_view_type?: "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";
}

export interface AggregateRuns {
  experiment_ids?: string[];
  group_by: string[];
  metrics?: string[];
  filter?: string;
  run_view_type?: "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";
  max_results?: number;
}

export interface ListChanges {
  since?: string;
  experiment_ids?: string[];
  max_results?: number;
}

export interface ListRunKeys {
  experiment_ids?: string[];
  kind: "metrics" | "params" | "tags";
  contains?: string;
  max_results?: number;
  page_token?: string;
}

export interface LogMetric {
  run_id?: string;
  run_uuid?: string;
  key: string;
  value: number;
  timestamp: number;
  step?: number;
  model_id?: string;
  dataset_name?: string;
  dataset_digest?: string;
}

export interface LogParam {
  run_id?: string;
  run_uuid?: string;
  key: string;
  value?: string;
}

export interface SetTag {
  run_id?: string;
  run_uuid?: string;
  key: string;
  value?: string;
}

export interface DeleteTag {
  run_id?: string;
  run_uuid?: string;
  key: string;
}

export interface LogBatch {
  run_id?: string;
  run_uuid?: string;
  metrics?: MetricIn[];
  params?: ParamIn[];
  tags?: RunTagIn[];
}

export interface RecordModel {
  run_id?: string;
  run_uuid?: string;
  model_json: string;
}

export interface LogInputs {
  run_id?: string;
  run_uuid?: string;
  datasets?: DatasetInputIn[];
  models?: ModelInputIn[];
}

export interface LogOutputs {
  run_id?: string;
  run_uuid?: string;
  models?: ModelOutputIn[];
}

export interface MetricHistory {
  run_id?: string;
  run_uuid?: string;
  metric_key: string;
  max_results?: number;
  page_token?: string;
}

export interface MetricHistoryBulk {
  run_id?: string[];
  metric_key: string;
  max_results?: number;
}

export interface MetricHistoryInterval {
  run_ids?: string[];
  metric_key: string;
  start_step?: number;
  end_step?: number;
  max_results?: number;
}

export interface Chart {
  run_ids: string[];
  keys: string[];
  x_axis?: "step" | "time";
  start?: number;
  end?: number;
  since?: number[];
  buckets?: number;
}

export interface OfRun {
  run_id: string;
}

export interface HiddenPoints {
  run_id: string;
  metric_key: string;
  rewind_id?: number;
  max_results?: number;
  page_token?: string;
}

export interface Writer {
  writer_id: string;
}

export interface Heartbeat {
  run_id: string;
  owner: string;
  lease_ms: number;
  shared?: boolean;
  lost?: string;
}

export interface CreateLoggedModel {
  experiment_id: string;
  name?: string;
  model_type?: string;
  source_run_id?: string;
  params?: KeyValue[];
  tags?: KeyValue[];
}

export interface SearchLoggedModels {
  experiment_ids: string[];
  filter?: string;
  datasets?: DatasetFilterIn[];
  max_results?: number;
  order_by?: ModelOrderIn[];
  page_token?: string;
}

export interface GetLoggedModel {
  model_id: string;
  allow_deleted?: boolean;
}

export interface FinalizeLoggedModel {
  model_id: string;
  status: "LOGGED_MODEL_STATUS_UNSPECIFIED" | "LOGGED_MODEL_PENDING" | "LOGGED_MODEL_READY" | "LOGGED_MODEL_UPLOAD_FAILED";
}

export interface DeleteLoggedModel {
  model_id: string;
}

export interface LogLoggedModelParams {
  model_id: string;
  params?: KeyValue[];
}

export interface SetLoggedModelTags {
  model_id: string;
  tags?: KeyValue[];
}

export interface DeleteLoggedModelTag {
  model_id: string;
  tag_key: string;
}

export interface ListArtifacts {
  run_id?: string;
  run_uuid?: string;
  path?: string;
  page_token?: string;
}

export interface ListManifest {
  run_id?: string;
  model_id?: string;
  path?: string;
}

export interface SummariseOnnx {
  run_id?: string;
  model_id?: string;
  name?: string;
  version?: string;
  path?: string;
}

export interface PresignUpload {
  run_id?: string;
  model_id?: string;
  path: string;
  expiration?: number;
}

export interface PresignDownload {
  run_id?: string;
  run_uuid?: string;
  path: string;
  expiration?: number;
}

export interface ListModelArtifacts {
  model_id: string;
  artifact_directory_path?: string;
}

export interface ProxyFile {
  path?: string;
}

export interface ProxyFolder {
  path?: string;
}

export interface CreateMultipart {
  folder?: string;
  path: string;
  num_parts?: number;
}

export interface CompleteMultipart {
  folder?: string;
  path: string;
  upload_id?: string;
  parts?: MultipartPart[];
}

export interface AbortMultipart {
  folder?: string;
  path: string;
  upload_id?: string;
}

export interface CreateRegisteredModel {
  comment?: string;
  name: string;
  tags?: KeyValue[];
  description?: string;
}

export interface GetRegisteredModel {
  name: string;
}

export interface UpdateRegisteredModel {
  comment?: string;
  name: string;
  description?: string;
}

export interface RenameRegisteredModel {
  comment?: string;
  name: string;
  new_name: string;
}

export interface DeleteRegisteredModel {
  comment?: string;
  name: string;
}

export interface SearchRegisteredModels {
  filter?: string;
  max_results?: number;
  order_by?: string[];
  page_token?: string;
}

export interface GetLatestVersions {
  name: string;
  stages?: string[];
}

export interface SetRegisteredModelTag {
  comment?: string;
  name: string;
  key: string;
  value?: string;
}

export interface DeleteRegisteredModelTag {
  comment?: string;
  name: string;
  key: string;
}

export interface SetRegisteredModelAlias {
  comment?: string;
  name: string;
  alias: string;
  version: string;
  if_revision?: number;
}

export interface DeleteRegisteredModelAlias {
  comment?: string;
  name: string;
  alias: string;
}

export interface GetModelVersionByAlias {
  name: string;
  alias: string;
}

export interface CreateModelVersion {
  comment?: string;
  name: string;
  source: string;
  run_id?: string;
  tags?: KeyValue[];
  run_link?: string;
  description?: string;
  model_id?: string;
  storage_location?: string;
  manifest?: ManifestFields;
  signatures?: SignatureFields[];
}

export interface GetModelVersion {
  name: string;
  version: string;
}

export interface UpdateModelVersion {
  comment?: string;
  name: string;
  version: string;
  description?: string;
}

export interface TransitionModelVersionStage {
  comment?: string;
  name: string;
  version: string;
  stage: string;
  archive_existing_versions?: boolean;
  if_revision?: number;
}

export interface DeleteModelVersion {
  comment?: string;
  name: string;
  version: string;
}

export interface SearchModelVersions {
  filter?: string;
  max_results?: number;
  order_by?: string[];
  page_token?: string;
}

export interface SetModelVersionTag {
  comment?: string;
  name: string;
  version: string;
  key: string;
  value?: string;
}

export interface DeleteModelVersionTag {
  comment?: string;
  name: string;
  version: string;
  key: string;
}

export interface SearchHistory {
  name: string;
  version?: string;
  kinds?: ("model_created" | "model_renamed" | "model_updated" | "model_deleted" | "model_tag_set" | "model_tag_removed" | "policy_set" | "version_created" | "version_updated" | "version_deleted" | "version_tag_set" | "version_tag_removed" | "version_signed" | "manifest_amended" | "alias_set" | "alias_removed" | "stage_set" | "imported")[];
  key?: string;
  since_ms?: number;
  until_ms?: number;
  max_results?: number;
  page_token?: string;
}

export interface GetAliasAt {
  name: string;
  alias: string;
  at_ms: number;
}

export interface GetStageAt {
  name: string;
  stage: string;
  at_ms: number;
}

export interface ModelName {
  name: string;
}

export interface ImportHistory {
  comment?: string;
  name: string;
  events: RegistryEventIn[];
}

export interface SetPolicy {
  comment?: string;
  name: string;
  policy: PolicyFields;
}

export interface CheckVersion {
  name: string;
  version: string;
  alias?: string;
}

export interface VersionAddress {
  name: string;
  version: string;
}

export interface AmendManifest {
  comment?: string;
  name: string;
  version: string;
  manifest: ManifestFields;
  if_digest?: string;
}

export interface AddSignature {
  comment?: string;
  name: string;
  version: string;
  signature: SignatureFields;
}

export interface VersionsFrom {
  run_id?: string;
  dataset_digest?: string;
  git_commit?: string;
  digest?: string;
}

export interface CreateWebhook {
  name: string;
  url: string;
  events: WebhookEventFields[];
  description?: string;
  secret?: string;
  status?: "ACTIVE" | "DISABLED";
}

export interface ListWebhooks {
  max_results?: number;
  page_token?: string;
  further?: boolean;
}

export interface WebhookAddress {
  webhook_id: string;
}

export interface UpdateWebhook {
  webhook_id: string;
  name?: string;
  url?: string;
  events?: WebhookEventFields[];
  description?: string;
  secret?: string;
  status?: "ACTIVE" | "DISABLED";
}

export interface TestWebhook {
  webhook_id: string;
  event?: WebhookEventFields;
}

export interface SearchDeliveries {
  webhook_id: string;
  state?: "waiting" | "delivered" | "failed";
  max_results?: number;
  page_token?: string;
}

export interface ReplayDelivery {
  delivery_id: string;
}

export interface StreamChanges {
  since?: string;
  experiment_ids?: string[];
}

export interface GetArtifact {
  run_id?: string;
  run_uuid?: string;
  path?: string;
}

export interface ZipArtifacts {
  run_id?: string;
  model_id?: string;
  name?: string;
  version?: string;
  path?: string;
}

export interface GetModelArtifact {
  model_id: string;
  artifact_file_path?: string;
}

export interface GetVersionArtifact {
  name: string;
  version: string;
  path?: string;
}

export interface AggregateRunsAnswer {
  groups?: RunGroupMessage[];
}

export interface AliasAtAnswer {
  event?: RegistryEventMessage;
}

export interface ChangesAnswer {
  cursor: string;
  runs?: RunChangeMessage[];
  more?: boolean;
}

export interface ChartAnswer {
  series?: ChartSeriesMessage[];
}

export interface CheckAnswer {
  targets?: TargetMessage[];
  signer?: string;
  unproven?: string;
}

export interface CountRunsAnswer {
  count: number;
}

export interface CreateExperimentAnswer {
  experiment_id: string;
}

export interface CreateMultipartAnswer {
  upload_id?: string;
  credentials?: MultipartCredential[];
}

export interface DatasetFilterIn {
  dataset_name: string;
  dataset_digest?: string;
}

export interface DatasetInputIn {
  tags?: InputTagIn[];
  dataset: DatasetIn;
}

export interface DeliveriesAnswer {
  deliveries?: DeliveryMessage[];
  next_page_token?: string;
}

export interface DeliveryAnswer {
  delivery: DeliveryMessage;
}

export interface Done {
}

export interface DownloadUriAnswer {
  artifact_uri?: string;
}

export interface EventsAnswer {
  events?: RegistryEventMessage[];
}

export interface ExperimentAnswer {
  experiment: ExperimentMessage;
}

export interface HeartbeatAnswer {
  status: string;
}

export interface HistoryAnswer {
  events?: RegistryEventMessage[];
  next_page_token?: string;
}

export interface JournalMarkAnswer {
  mark: number;
  refused?: RecordRefusedMessage[];
}

export interface KeyValue {
  key: string;
  value?: string;
}

export interface LineageAnswer {
  model_version: ModelVersionMessage;
  location: string;
  run_id?: string;
  run_name?: string;
  run_status?: string;
  experiment_id?: string;
  model_id?: string;
  params?: Record<string, string>;
  metrics?: Record<string, number | string>;
  datasets?: DatasetUseMessage[];
  git?: CommitMessage;
  environment?: EnvironmentFileMessage;
  copied_from?: string;
}

export interface ListArtifactsAnswer {
  root_uri?: string;
  files?: FileMessage[];
  next_page_token?: string;
}

export interface ListWebhooksAnswer {
  webhooks?: WebhookMessage[];
  next_page_token?: string;
}

export interface LoggedModelAnswer {
  model: LoggedModelMessage;
}

export interface ManifestAnswer {
  root: string;
  entries?: ManifestEntryMessage[];
}

export interface ManifestFields {
  files?: FileFields[];
}

export interface MetricHistoryAnswer {
  metrics?: MetricMessage[];
  next_page_token?: string;
}

export interface MetricIn {
  key: string;
  value: number;
  timestamp: number;
  step?: number;
  model_id?: string;
  dataset_name?: string;
  dataset_digest?: string;
  run_id?: string;
}

export interface MetricsAnswer {
  metrics?: MetricMessage[];
}

export interface ModelInputIn {
  model_id: string;
}

export interface ModelOrderIn {
  field_name: string;
  ascending?: boolean;
  dataset_name?: string;
  dataset_digest?: string;
}

export interface ModelOutputIn {
  model_id: string;
  step: number;
}

export interface ModelVersionAnswer {
  model_version: ModelVersionMessage;
}

export interface ModelVersionsAnswer {
  model_versions?: ModelVersionMessage[];
}

export interface MultipartPart {
  part_number: number;
  etag?: string;
  url?: string;
}

export interface OnnxAnswer {
  ir_version: number;
  producer: string;
  opsets: OnnxOpsetMessage[];
  inputs: OnnxValueMessage[];
  outputs: OnnxValueMessage[];
  operators: OnnxOperatorMessage[];
  initializers: number;
  initializer_bytes: number;
}

export interface ParamCorrectionsAnswer {
  corrections?: ParamCorrectionMessage[];
}

export interface ParamIn {
  key: string;
  value?: string;
}

export interface PolicyAnswer {
  policy: PolicyFields;
}

export interface PolicyFields {
  gates?: GateFields[];
  unsigned?: "allowed" | "no_alias" | "no_load";
  keys?: string[];
}

export interface PresignedAnswer {
  url?: string;
  headers?: Record<string, string>;
  file_size?: number;
  presigned_url?: string;
}

export interface ProxyListAnswer {
  files?: FileMessage[];
}

export interface RegisteredModelAnswer {
  registered_model: RegisteredModelMessage;
}

export interface RegistryEventIn {
  event_id?: number;
  timestamp: number;
  kind: "model_created" | "model_renamed" | "model_updated" | "model_deleted" | "model_tag_set" | "model_tag_removed" | "policy_set" | "version_created" | "version_updated" | "version_deleted" | "version_tag_set" | "version_tag_removed" | "version_signed" | "manifest_amended" | "alias_set" | "alias_removed" | "stage_set" | "imported";
  name: string;
  version?: string;
  key?: string;
  before?: string;
  after?: string;
  digest?: string;
  who?: string;
  comment?: string;
  chain?: string;
}

export interface RewindsAnswer {
  rewinds?: RewindMessage[];
}

export interface RunAnswer {
  run: RunMessage;
}

export interface RunInfoAnswer {
  run_info: RunInfoMessage;
}

export interface RunKeysAnswer {
  keys?: string[];
  next_page_token?: string;
}

export interface RunTagIn {
  key: string;
  value?: string;
}

export interface SearchDatasetsAnswer {
  dataset_summaries?: DatasetSummaryMessage[];
}

export interface SearchExperimentsAnswer {
  experiments?: ExperimentMessage[];
  next_page_token?: string;
}

export interface SearchLoggedModelsAnswer {
  models?: LoggedModelMessage[];
  next_page_token?: string;
}

export interface SearchModelVersionsAnswer {
  model_versions?: ModelVersionMessage[];
  next_page_token?: string;
}

export interface SearchRegisteredModelsAnswer {
  registered_models?: RegisteredModelMessage[];
  next_page_token?: string;
}

export interface SearchRunsAnswer {
  runs?: RunMessage[];
  next_page_token?: string;
}

export interface ServerInfoAnswer {
  store_type?: string;
  workspaces_enabled?: boolean;
  trace_archival_enabled?: boolean;
  multipart_uploads_enabled?: boolean;
  multipart_downloads_enabled?: boolean;
  presigned_upload_run_id_supported?: boolean;
  presigned_upload_model_id_supported?: boolean;
  features_enabled?: Record<string, boolean>;
}

export interface SignatureFields {
  bundle: string;
  digest: string;
  method: "key" | "certificate";
  signer?: string;
  created_ms?: number;
}

export interface SignaturesAnswer {
  signatures?: SignatureFields[];
}

export interface TestWebhookAnswer {
  result: TestWebhookResult;
}

export interface VersionManifestAnswer {
  manifest?: ManifestFields;
  digest?: string;
}

export interface WebhookAnswer {
  webhook: WebhookMessage;
}

export interface WebhookEventFields {
  entity: string;
  action: string;
}

export interface WhoAmIAnswer {
  user?: string;
}

export interface ChartSeriesMessage {
  run_id: string;
  key: string;
  total: number;
  x?: number[];
  last?: (number | string)[];
  minimum?: (number | string)[];
  minimum_x?: number[];
  maximum?: (number | string)[];
  maximum_x?: number[];
  count?: number[];
}

export interface CommitMessage {
  commit: string;
  branch?: string;
  repo_url?: string;
  dirty?: boolean;
}

export interface DatasetIn {
  name: string;
  digest: string;
  source_type: string;
  source: string;
  schema?: string;
  profile?: string;
}

export interface DatasetSummaryMessage {
  experiment_id: string;
  name: string;
  digest: string;
  context?: string;
}

export interface DatasetUseMessage {
  name: string;
  digest: string;
  context?: string;
}

export interface DeliveryMessage {
  delivery_id: string;
  webhook_id: string;
  event: WebhookEventFields;
  body: string;
  state: "waiting" | "delivered" | "failed";
  attempts: number;
  created_ms: number;
  due_ms: number;
  lease_until_ms?: number;
  ended_ms?: number;
  response_status?: number;
  response_body?: string;
  error?: string;
}

export interface EnvironmentFileMessage {
  path: string;
  size_bytes: number;
  sha256: string;
}

export interface ExperimentMessage {
  experiment_id: string;
  name?: string;
  artifact_location?: string;
  lifecycle_stage?: string;
  last_update_time?: number;
  creation_time?: number;
  tags?: KeyValueAnswer[];
}

export interface FileFields {
  path: string;
  size_bytes: number;
  sha256: string;
}

export interface FileMessage {
  path: string;
  is_dir?: boolean;
  file_size?: number;
}

export interface GateFields {
  alias: string;
  checks?: CheckFields[];
}

export interface InputTagIn {
  key: string;
  value: string;
}

export interface LoggedModelMessage {
  info: LoggedModelInfoMessage;
  data?: LoggedModelDataMessage;
}

export interface ManifestEntryMessage {
  path: string;
  size_bytes: number;
  sha256: string;
  recorded_ms: number;
}

export interface MetricMessage {
  key: string;
  value: number | string;
  timestamp: number;
  step?: number;
  model_id?: string;
  dataset_name?: string;
  dataset_digest?: string;
  run_id?: string;
}

export interface ModelVersionMessage {
  name: string;
  version: string;
  creation_timestamp?: number;
  last_updated_timestamp?: number;
  user_id?: string;
  current_stage?: string;
  description?: string;
  source?: string;
  run_id?: string;
  status?: string | number;
  status_message?: string;
  tags?: KeyValueAnswer[];
  run_link?: string;
  aliases?: string[];
  model_id?: string;
  digest?: string;
}

export interface MultipartCredential {
  url: string;
  part_number: number;
  headers?: Record<string, string>;
}

export interface OnnxOperatorMessage {
  name: string;
  count: number;
}

export interface OnnxOpsetMessage {
  domain: string;
  version: number;
}

export interface OnnxValueMessage {
  name: string;
  type: string;
  shape: string[];
}

export interface ParamCorrectionMessage {
  run_id: string;
  key: string;
  old: string;
  new: string;
  corrected_ms: number;
  who: string;
  reason?: string;
}

export interface RecordRefusedMessage {
  record_id: number;
  run_id: string;
  error_code: string;
  message: string;
}

export interface RegisteredModelMessage {
  name: string;
  creation_timestamp?: number;
  last_updated_timestamp?: number;
  description?: string;
  latest_versions?: ModelVersionMessage[];
  tags?: KeyValueAnswer[];
  aliases?: ModelAliasMessage[];
  revision?: number;
}

export interface RegistryEventMessage {
  event_id: number;
  timestamp: number;
  kind: string;
  name: string;
  version?: string;
  key?: string;
  before?: string;
  after?: string;
  digest?: string;
  who?: string;
  comment?: string;
  chain?: string;
}

export interface RewindMessage {
  rewind_id: number;
  run_id: string;
  step: number;
  rewound_ms: number;
  who: string;
  points?: Record<string, number>;
}

export interface RunChangeMessage {
  run_id: string;
  experiment_id: string;
  rewinds?: number;
}

export interface RunGroupMessage {
  values: string[];
  run_count: number;
  metrics?: Record<string, MetricSummaryMessage>;
}

export interface RunInfoMessage {
  run_uuid?: string;
  experiment_id?: string;
  run_name?: string;
  user_id?: string;
  status?: string;
  start_time?: number;
  end_time?: number;
  artifact_uri?: string;
  lifecycle_stage?: string;
  run_id?: string;
}

export interface RunMessage {
  info: RunInfoMessage;
  data?: RunDataMessage;
  inputs?: RunInputsMessage;
  outputs?: RunOutputsMessage;
}

export interface TargetMessage {
  alias: string;
  checks?: CheckResultMessage[];
}

export interface TestWebhookResult {
  success: boolean;
  response_status?: number;
  response_body?: string;
  error_message?: string;
}

export interface WebhookMessage {
  webhook_id: string;
  name: string;
  url: string;
  events?: WebhookEventFields[];
  further_events?: WebhookEventFields[];
  description?: string;
  status?: string;
  creation_timestamp?: number;
  last_updated_timestamp?: number;
}

export interface CheckFields {
  check: "metric" | "signed" | "schema" | "tag";
  metric?: string;
  minimum?: number;
  maximum?: number;
  better?: "higher" | "lower";
  margin?: number;
  key?: string;
  value?: string;
}

export interface CheckResultMessage {
  check: string;
  subject: string;
  passed: boolean;
  found: string;
  needed: string;
  gate: string;
}

export interface KeyValueAnswer {
  key: string;
  value?: string;
}

export interface LoggedModelDataMessage {
  params?: KeyValueAnswer[];
  metrics?: MetricMessage[];
}

export interface LoggedModelInfoMessage {
  model_id: string;
  experiment_id?: string;
  name?: string;
  creation_timestamp_ms?: number;
  last_updated_timestamp_ms?: number;
  artifact_uri?: string;
  status?: string | number;
  creator_id?: number;
  model_type?: string;
  source_run_id?: string;
  status_message?: string;
  tags?: KeyValueAnswer[];
}

export interface MetricSummaryMessage {
  count: number;
  minimum?: number | string;
  maximum?: number | string;
  mean?: number | string;
}

export interface ModelAliasMessage {
  alias: string;
  version: string;
}

export interface RunDataMessage {
  metrics?: MetricMessage[];
  params?: KeyValueAnswer[];
  tags?: KeyValueAnswer[];
}

export interface RunInputsMessage {
  dataset_inputs?: DatasetInputMessage[];
  model_inputs?: ModelInputMessage[];
}

export interface RunOutputsMessage {
  model_outputs?: ModelOutputMessage[];
}

export interface DatasetInputMessage {
  tags?: KeyValueAnswer[];
  dataset: DatasetMessage;
}

export interface ModelInputMessage {
  model_id: string;
}

export interface ModelOutputMessage {
  model_id: string;
  step?: number;
}

export interface DatasetMessage {
  name: string;
  digest: string;
  source_type?: string;
  source?: string;
  schema?: string;
  profile?: string;
}

export interface Calls {
  "service.info": { request: Nothing; answer: ServerInfoAnswer };
  "service.whoami": { request: Nothing; answer: WhoAmIAnswer };
  "session.open": { request: Nothing; answer: WhoAmIAnswer };
  "session.close": { request: Nothing; answer: Done };
  "experiments.create": { request: CreateExperiment; answer: CreateExperimentAnswer };
  "experiments.ensure": { request: EnsureExperiment; answer: ExperimentAnswer };
  "experiments.get": { request: GetExperiment; answer: ExperimentAnswer };
  "experiments.get-by-name": { request: GetExperimentByName; answer: ExperimentAnswer };
  "experiments.search": { request: SearchExperiments; answer: SearchExperimentsAnswer };
  "experiments.update": { request: UpdateExperiment; answer: Done };
  "experiments.delete": { request: DeleteExperiment; answer: Done };
  "experiments.restore": { request: RestoreExperiment; answer: Done };
  "experiments.set-tag": { request: SetExperimentTag; answer: Done };
  "experiments.delete-tag": { request: DeleteExperimentTag; answer: Done };
  "experiments.search-datasets": { request: SearchDatasets; answer: SearchDatasetsAnswer };
  "runs.create": { request: CreateRun; answer: RunAnswer };
  "runs.update": { request: UpdateRun; answer: RunInfoAnswer };
  "runs.delete": { request: DeleteRun; answer: Done };
  "runs.restore": { request: RestoreRun; answer: Done };
  "runs.get": { request: GetRun; answer: RunAnswer };
  "runs.search": { request: SearchRuns; answer: SearchRunsAnswer };
  "runs.project": { request: ProjectRuns; answer: SearchRunsAnswer };
  "runs.count": { request: CountRuns; answer: CountRunsAnswer };
  "runs.aggregate": { request: AggregateRuns; answer: AggregateRunsAnswer };
  "changes.list": { request: ListChanges; answer: ChangesAnswer };
  "runs.keys": { request: ListRunKeys; answer: RunKeysAnswer };
  "runs.log-metric": { request: LogMetric; answer: Done };
  "runs.log-param": { request: LogParam; answer: Done };
  "runs.set-tag": { request: SetTag; answer: Done };
  "runs.delete-tag": { request: DeleteTag; answer: Done };
  "runs.log-batch": { request: LogBatch; answer: Done };
  "runs.log-model": { request: RecordModel; answer: Done };
  "runs.log-inputs": { request: LogInputs; answer: Done };
  "runs.outputs": { request: LogOutputs; answer: Done };
  "metrics.history": { request: MetricHistory; answer: MetricHistoryAnswer };
  "metrics.history-bulk": { request: MetricHistoryBulk; answer: MetricsAnswer };
  "metrics.history-interval": { request: MetricHistoryInterval; answer: MetricsAnswer };
  "metrics.chart": { request: Chart; answer: ChartAnswer };
  "runs.rewinds": { request: OfRun; answer: RewindsAnswer };
  "metrics.hidden": { request: HiddenPoints; answer: MetricHistoryAnswer };
  "runs.param-corrections": { request: OfRun; answer: ParamCorrectionsAnswer };
  "journals.mark": { request: Writer; answer: JournalMarkAnswer };
  "runs.heartbeat": { request: Heartbeat; answer: HeartbeatAnswer };
  "logged-models.create": { request: CreateLoggedModel; answer: LoggedModelAnswer };
  "logged-models.search": { request: SearchLoggedModels; answer: SearchLoggedModelsAnswer };
  "logged-models.get": { request: GetLoggedModel; answer: LoggedModelAnswer };
  "logged-models.finalize": { request: FinalizeLoggedModel; answer: LoggedModelAnswer };
  "logged-models.delete": { request: DeleteLoggedModel; answer: Done };
  "logged-models.log-params": { request: LogLoggedModelParams; answer: Done };
  "logged-models.set-tags": { request: SetLoggedModelTags; answer: Done };
  "logged-models.delete-tag": { request: DeleteLoggedModelTag; answer: Done };
  "artifacts.list": { request: ListArtifacts; answer: ListArtifactsAnswer };
  "artifacts.manifest": { request: ListManifest; answer: ManifestAnswer };
  "artifacts.onnx": { request: SummariseOnnx; answer: OnnxAnswer };
  "artifacts.presign-upload": { request: PresignUpload; answer: PresignedAnswer };
  "artifacts.presign-download": { request: PresignDownload; answer: PresignedAnswer };
  "artifacts.list-model": { request: ListModelArtifacts; answer: ListArtifactsAnswer };
  "proxy.delete": { request: ProxyFile; answer: Done };
  "proxy.list": { request: ProxyFolder; answer: ProxyListAnswer };
  "proxy.multipart-create": { request: CreateMultipart; answer: CreateMultipartAnswer };
  "proxy.multipart-complete": { request: CompleteMultipart; answer: Done };
  "proxy.multipart-abort": { request: AbortMultipart; answer: Done };
  "proxy.presign": { request: ProxyFile; answer: PresignedAnswer };
  "registered-models.create": { request: CreateRegisteredModel; answer: RegisteredModelAnswer };
  "registered-models.get": { request: GetRegisteredModel; answer: RegisteredModelAnswer };
  "registered-models.update": { request: UpdateRegisteredModel; answer: RegisteredModelAnswer };
  "registered-models.rename": { request: RenameRegisteredModel; answer: RegisteredModelAnswer };
  "registered-models.delete": { request: DeleteRegisteredModel; answer: Done };
  "registered-models.search": { request: SearchRegisteredModels; answer: SearchRegisteredModelsAnswer };
  "registered-models.get-latest-versions": { request: GetLatestVersions; answer: ModelVersionsAnswer };
  "registered-models.set-tag": { request: SetRegisteredModelTag; answer: Done };
  "registered-models.delete-tag": { request: DeleteRegisteredModelTag; answer: Done };
  "registered-models.set-alias": { request: SetRegisteredModelAlias; answer: Done };
  "registered-models.delete-alias": { request: DeleteRegisteredModelAlias; answer: Done };
  "registered-models.get-alias": { request: GetModelVersionByAlias; answer: ModelVersionAnswer };
  "model-versions.create": { request: CreateModelVersion; answer: ModelVersionAnswer };
  "model-versions.get": { request: GetModelVersion; answer: ModelVersionAnswer };
  "model-versions.update": { request: UpdateModelVersion; answer: ModelVersionAnswer };
  "model-versions.transition-stage": { request: TransitionModelVersionStage; answer: ModelVersionAnswer };
  "model-versions.delete": { request: DeleteModelVersion; answer: Done };
  "model-versions.search": { request: SearchModelVersions; answer: SearchModelVersionsAnswer };
  "model-versions.get-download-uri": { request: GetModelVersion; answer: DownloadUriAnswer };
  "model-versions.set-tag": { request: SetModelVersionTag; answer: Done };
  "model-versions.delete-tag": { request: DeleteModelVersionTag; answer: Done };
  "registered-models.history": { request: SearchHistory; answer: HistoryAnswer };
  "registered-models.alias-at": { request: GetAliasAt; answer: AliasAtAnswer };
  "registered-models.stage-at": { request: GetStageAt; answer: EventsAnswer };
  "registered-models.verify-history": { request: ModelName; answer: EventsAnswer };
  "registered-models.import-history": { request: ImportHistory; answer: Done };
  "registered-models.get-policy": { request: ModelName; answer: PolicyAnswer };
  "registered-models.set-policy": { request: SetPolicy; answer: Done };
  "model-versions.check": { request: CheckVersion; answer: CheckAnswer };
  "model-versions.manifest": { request: VersionAddress; answer: VersionManifestAnswer };
  "model-versions.amend-manifest": { request: AmendManifest; answer: ModelVersionAnswer };
  "model-versions.signatures": { request: VersionAddress; answer: SignaturesAnswer };
  "model-versions.add-signature": { request: AddSignature; answer: Done };
  "model-versions.lineage": { request: VersionAddress; answer: LineageAnswer };
  "model-versions.from": { request: VersionsFrom; answer: ModelVersionsAnswer };
  "webhooks.create": { request: CreateWebhook; answer: WebhookAnswer };
  "webhooks.list": { request: ListWebhooks; answer: ListWebhooksAnswer };
  "webhooks.get": { request: WebhookAddress; answer: WebhookAnswer };
  "webhooks.update": { request: UpdateWebhook; answer: WebhookAnswer };
  "webhooks.delete": { request: WebhookAddress; answer: Done };
  "webhooks.test": { request: TestWebhook; answer: TestWebhookAnswer };
  "webhooks.deliveries": { request: SearchDeliveries; answer: DeliveriesAnswer };
  "webhooks.replay": { request: ReplayDelivery; answer: DeliveryAnswer };
}

export const ENDPOINTS = {
  "service.info": { method: "GET", path: "/ajax-api/3.0/mlflow/server-info" },
  "service.whoami": { method: "GET", path: "/ajax-api/1.0/headrace/whoami" },
  "session.open": { method: "POST", path: "/ajax-api/1.0/headrace/session/open" },
  "session.close": { method: "POST", path: "/ajax-api/1.0/headrace/session/close" },
  "experiments.create": { method: "POST", path: "/ajax-api/2.0/mlflow/experiments/create" },
  "experiments.ensure": { method: "POST", path: "/ajax-api/1.0/headrace/experiments/ensure" },
  "experiments.get": { method: "GET", path: "/ajax-api/2.0/mlflow/experiments/get" },
  "experiments.get-by-name": { method: "GET", path: "/ajax-api/2.0/mlflow/experiments/get-by-name" },
  "experiments.search": { method: "POST", path: "/ajax-api/2.0/mlflow/experiments/search" },
  "experiments.update": { method: "POST", path: "/ajax-api/2.0/mlflow/experiments/update" },
  "experiments.delete": { method: "POST", path: "/ajax-api/2.0/mlflow/experiments/delete" },
  "experiments.restore": { method: "POST", path: "/ajax-api/2.0/mlflow/experiments/restore" },
  "experiments.set-tag": { method: "POST", path: "/ajax-api/2.0/mlflow/experiments/set-experiment-tag" },
  "experiments.delete-tag": { method: "POST", path: "/ajax-api/2.0/mlflow/experiments/delete-experiment-tag" },
  "experiments.search-datasets": { method: "POST", path: "/ajax-api/2.0/mlflow/experiments/search-datasets" },
  "runs.create": { method: "POST", path: "/ajax-api/2.0/mlflow/runs/create" },
  "runs.update": { method: "POST", path: "/ajax-api/2.0/mlflow/runs/update" },
  "runs.delete": { method: "POST", path: "/ajax-api/2.0/mlflow/runs/delete" },
  "runs.restore": { method: "POST", path: "/ajax-api/2.0/mlflow/runs/restore" },
  "runs.get": { method: "GET", path: "/ajax-api/2.0/mlflow/runs/get" },
  "runs.search": { method: "POST", path: "/ajax-api/2.0/mlflow/runs/search" },
  "runs.project": { method: "POST", path: "/ajax-api/1.0/headrace/runs/search" },
  "runs.count": { method: "POST", path: "/ajax-api/1.0/headrace/runs/count" },
  "runs.aggregate": { method: "POST", path: "/ajax-api/1.0/headrace/runs/aggregate" },
  "changes.list": { method: "GET", path: "/ajax-api/1.0/headrace/changes" },
  "runs.keys": { method: "GET", path: "/ajax-api/1.0/headrace/runs/keys" },
  "runs.log-metric": { method: "POST", path: "/ajax-api/2.0/mlflow/runs/log-metric" },
  "runs.log-param": { method: "POST", path: "/ajax-api/2.0/mlflow/runs/log-parameter" },
  "runs.set-tag": { method: "POST", path: "/ajax-api/2.0/mlflow/runs/set-tag" },
  "runs.delete-tag": { method: "POST", path: "/ajax-api/2.0/mlflow/runs/delete-tag" },
  "runs.log-batch": { method: "POST", path: "/ajax-api/2.0/mlflow/runs/log-batch" },
  "runs.log-model": { method: "POST", path: "/ajax-api/2.0/mlflow/runs/log-model" },
  "runs.log-inputs": { method: "POST", path: "/ajax-api/2.0/mlflow/runs/log-inputs" },
  "runs.outputs": { method: "POST", path: "/ajax-api/2.0/mlflow/runs/outputs" },
  "metrics.history": { method: "GET", path: "/ajax-api/2.0/mlflow/metrics/get-history" },
  "metrics.history-bulk": { method: "GET", path: "/ajax-api/2.0/mlflow/metrics/get-history-bulk" },
  "metrics.history-interval": { method: "GET", path: "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval" },
  "metrics.chart": { method: "POST", path: "/ajax-api/1.0/headrace/metrics/chart" },
  "runs.rewinds": { method: "GET", path: "/ajax-api/1.0/headrace/runs/{run_id}/rewinds" },
  "metrics.hidden": { method: "GET", path: "/ajax-api/1.0/headrace/runs/{run_id}/hidden-points" },
  "runs.param-corrections": { method: "GET", path: "/ajax-api/1.0/headrace/runs/{run_id}/param-corrections" },
  "journals.mark": { method: "GET", path: "/ajax-api/1.0/headrace/journals/{writer_id}" },
  "runs.heartbeat": { method: "POST", path: "/ajax-api/1.0/headrace/runs/{run_id}/heartbeat" },
  "logged-models.create": { method: "POST", path: "/ajax-api/2.0/mlflow/logged-models" },
  "logged-models.search": { method: "POST", path: "/ajax-api/2.0/mlflow/logged-models/search" },
  "logged-models.get": { method: "GET", path: "/ajax-api/2.0/mlflow/logged-models/{model_id}" },
  "logged-models.finalize": { method: "PATCH", path: "/ajax-api/2.0/mlflow/logged-models/{model_id}" },
  "logged-models.delete": { method: "DELETE", path: "/ajax-api/2.0/mlflow/logged-models/{model_id}" },
  "logged-models.log-params": { method: "POST", path: "/ajax-api/2.0/mlflow/logged-models/{model_id}/params" },
  "logged-models.set-tags": { method: "PATCH", path: "/ajax-api/2.0/mlflow/logged-models/{model_id}/tags" },
  "logged-models.delete-tag": { method: "DELETE", path: "/ajax-api/2.0/mlflow/logged-models/{model_id}/tags/{tag_key}" },
  "artifacts.list": { method: "GET", path: "/ajax-api/2.0/mlflow/artifacts/list" },
  "artifacts.manifest": { method: "GET", path: "/ajax-api/1.0/headrace/artifacts/manifest" },
  "artifacts.onnx": { method: "GET", path: "/ajax-api/1.0/headrace/artifacts/onnx" },
  "artifacts.presign-upload": { method: "POST", path: "/ajax-api/2.0/mlflow/artifacts/presigned-upload-url" },
  "artifacts.presign-download": { method: "POST", path: "/ajax-api/2.0/mlflow/artifacts/presigned-download-url" },
  "artifacts.list-model": { method: "GET", path: "/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/directories" },
  "proxy.delete": { method: "DELETE", path: "/ajax-api/2.0/mlflow-artifacts/artifacts/{path:path}" },
  "proxy.list": { method: "GET", path: "/ajax-api/2.0/mlflow-artifacts/artifacts" },
  "proxy.multipart-create": { method: "POST", path: "/ajax-api/2.0/mlflow-artifacts/mpu/create/{folder:path}" },
  "proxy.multipart-complete": { method: "POST", path: "/ajax-api/2.0/mlflow-artifacts/mpu/complete/{folder:path}" },
  "proxy.multipart-abort": { method: "POST", path: "/ajax-api/2.0/mlflow-artifacts/mpu/abort/{folder:path}" },
  "proxy.presign": { method: "GET", path: "/ajax-api/2.0/mlflow-artifacts/presigned/{path:path}" },
  "registered-models.create": { method: "POST", path: "/ajax-api/2.0/mlflow/registered-models/create" },
  "registered-models.get": { method: "GET", path: "/ajax-api/2.0/mlflow/registered-models/get" },
  "registered-models.update": { method: "PATCH", path: "/ajax-api/2.0/mlflow/registered-models/update" },
  "registered-models.rename": { method: "POST", path: "/ajax-api/2.0/mlflow/registered-models/rename" },
  "registered-models.delete": { method: "DELETE", path: "/ajax-api/2.0/mlflow/registered-models/delete" },
  "registered-models.search": { method: "GET", path: "/ajax-api/2.0/mlflow/registered-models/search" },
  "registered-models.get-latest-versions": { method: "POST", path: "/ajax-api/2.0/mlflow/registered-models/get-latest-versions" },
  "registered-models.set-tag": { method: "POST", path: "/ajax-api/2.0/mlflow/registered-models/set-tag" },
  "registered-models.delete-tag": { method: "DELETE", path: "/ajax-api/2.0/mlflow/registered-models/delete-tag" },
  "registered-models.set-alias": { method: "POST", path: "/ajax-api/2.0/mlflow/registered-models/alias" },
  "registered-models.delete-alias": { method: "DELETE", path: "/ajax-api/2.0/mlflow/registered-models/alias" },
  "registered-models.get-alias": { method: "GET", path: "/ajax-api/2.0/mlflow/registered-models/alias" },
  "model-versions.create": { method: "POST", path: "/ajax-api/2.0/mlflow/model-versions/create" },
  "model-versions.get": { method: "GET", path: "/ajax-api/2.0/mlflow/model-versions/get" },
  "model-versions.update": { method: "PATCH", path: "/ajax-api/2.0/mlflow/model-versions/update" },
  "model-versions.transition-stage": { method: "POST", path: "/ajax-api/2.0/mlflow/model-versions/transition-stage" },
  "model-versions.delete": { method: "DELETE", path: "/ajax-api/2.0/mlflow/model-versions/delete" },
  "model-versions.search": { method: "GET", path: "/ajax-api/2.0/mlflow/model-versions/search" },
  "model-versions.get-download-uri": { method: "GET", path: "/ajax-api/2.0/mlflow/model-versions/get-download-uri" },
  "model-versions.set-tag": { method: "POST", path: "/ajax-api/2.0/mlflow/model-versions/set-tag" },
  "model-versions.delete-tag": { method: "DELETE", path: "/ajax-api/2.0/mlflow/model-versions/delete-tag" },
  "registered-models.history": { method: "GET", path: "/ajax-api/1.0/headrace/registered-models/history" },
  "registered-models.alias-at": { method: "GET", path: "/ajax-api/1.0/headrace/registered-models/alias-at" },
  "registered-models.stage-at": { method: "GET", path: "/ajax-api/1.0/headrace/registered-models/stage-at" },
  "registered-models.verify-history": { method: "GET", path: "/ajax-api/1.0/headrace/registered-models/verify-history" },
  "registered-models.import-history": { method: "POST", path: "/ajax-api/1.0/headrace/registered-models/import-history" },
  "registered-models.get-policy": { method: "GET", path: "/ajax-api/1.0/headrace/registered-models/policy" },
  "registered-models.set-policy": { method: "PUT", path: "/ajax-api/1.0/headrace/registered-models/policy" },
  "model-versions.check": { method: "GET", path: "/ajax-api/1.0/headrace/model-versions/check" },
  "model-versions.manifest": { method: "GET", path: "/ajax-api/1.0/headrace/model-versions/manifest" },
  "model-versions.amend-manifest": { method: "POST", path: "/ajax-api/1.0/headrace/model-versions/manifest" },
  "model-versions.signatures": { method: "GET", path: "/ajax-api/1.0/headrace/model-versions/signatures" },
  "model-versions.add-signature": { method: "POST", path: "/ajax-api/1.0/headrace/model-versions/signatures" },
  "model-versions.lineage": { method: "GET", path: "/ajax-api/1.0/headrace/model-versions/lineage" },
  "model-versions.from": { method: "GET", path: "/ajax-api/1.0/headrace/lineage/versions" },
  "webhooks.create": { method: "POST", path: "/ajax-api/2.0/mlflow/webhooks" },
  "webhooks.list": { method: "GET", path: "/ajax-api/2.0/mlflow/webhooks" },
  "webhooks.get": { method: "GET", path: "/ajax-api/2.0/mlflow/webhooks/{webhook_id}" },
  "webhooks.update": { method: "PATCH", path: "/ajax-api/2.0/mlflow/webhooks/{webhook_id}" },
  "webhooks.delete": { method: "DELETE", path: "/ajax-api/2.0/mlflow/webhooks/{webhook_id}" },
  "webhooks.test": { method: "POST", path: "/ajax-api/2.0/mlflow/webhooks/{webhook_id}/test" },
  "webhooks.deliveries": { method: "GET", path: "/ajax-api/1.0/headrace/webhooks/{webhook_id}/deliveries" },
  "webhooks.replay": { method: "POST", path: "/ajax-api/1.0/headrace/webhook-deliveries/{delivery_id}/replay" },
} as const;

export interface Queries {
  "changes.stream": StreamChanges;
  "artifacts.get": GetArtifact;
  "artifacts.zip": ZipArtifacts;
  "artifacts.get-model": GetModelArtifact;
  "artifacts.get-version": GetVersionArtifact;
}

export const ADDRESSES = {
  "changes.stream": "/ajax-api/1.0/headrace/changes/stream",
  "artifacts.get": "/get-artifact",
  "artifacts.zip": "/ajax-api/1.0/headrace/artifacts/zip",
  "artifacts.get-model": "/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files",
  "artifacts.get-version": "/model-versions/get-artifact",
} as const;
