"""MLflow's public names, as far as Headrace doesn't have them under that path: so that a script which uses one gets a
warning instead of an AttributeError. Read off the packages of MLflow 3.17.2; what becomes real here wins."""

from __future__ import annotations

_FLAVOR = "autolog get_default_conda_env get_default_pip_requirements load_model log_model save_model"
_FLAVORS = (
    "catboost diffusers h2o johnsnowlabs keras lightgbm onnx paddle pmdarima prophet pytorch sentence_transformers "
    "sklearn spacy spark statsmodels tensorflow transformers xgboost"
).split()
_TRACERS = (
    "ag2 agno anthropic autogen bedrock crewai dspy gemini groq haystack langchain litellm llama_index mistral openai "
    "otel pydantic_ai semantic_kernel smolagents strands"
).split()

# Functions and classes of the top package.
TOP = frozenset(
    """
    ActiveModel ActiveRun Image MlflowClient MlflowException RunOperations active_run add_trace autolog
    clear_active_model context create_experiment create_external_model create_workspace delete_assessment
    delete_experiment delete_experiment_tag delete_logged_model_tag delete_prompt_alias delete_run delete_tag
    delete_trace_tag delete_workspace disable_system_metrics_logging doctor enable_system_metrics_logging end_run
    evaluate finalize_logged_model flush_artifact_async_logging flush_async_logging flush_trace_async_logging
    get_active_model_id get_active_trace_id get_artifact_uri get_assessment get_current_active_span get_experiment
    get_experiment_by_name get_last_active_trace_id get_logged_model get_parent_run get_registry_uri get_run get_trace
    get_tracking_uri get_workspace import_checkpoints initialize_logged_model is_tracking_uri_set last_active_run
    last_logged_model list_workspaces load_prompt load_table log_artifact log_artifacts log_assessment log_dict
    log_expectation log_feedback log_figure log_image log_input log_inputs log_issue log_metric log_metrics
    log_model_params log_outputs log_param log_params log_stream log_table log_text log_trace login override_feedback
    register_model register_prompt restore_experiment restore_run run search_experiments search_logged_models
    search_model_versions search_prompts search_registered_models search_runs search_sessions search_traces
    set_active_model set_experiment set_experiment_tag set_experiment_tags set_logged_model_tags set_model_version_tag
    set_prompt_alias set_registry_uri set_system_metrics_node_id set_system_metrics_samples_before_logging
    set_system_metrics_sampling_interval set_tag set_tags set_trace_tag set_tracking_uri set_workspace start_run
    start_span start_span_no_context trace update_assessment update_current_trace update_workspace
    validate_evaluation_results
    """.split()
)

_CALLBACKS = "MlflowCallback MlflowModelCheckpointCallback"
_CHAT = (
    "ChatChoice ChatChoiceDelta ChatChunkChoice ChatCompletionChunk ChatCompletionRequest ChatCompletionResponse "
    "ChatMessage FunctionToolDefinition ParamProperty ParamType ToolCall"
)
_MODULES = {
    "": "",
    **dict.fromkeys(_FLAVORS, _FLAVOR),
    **dict.fromkeys(_TRACERS, "autolog load_model log_model save_model"),
    "keras": f"{_FLAVOR} {_CALLBACKS} MLflowCallback",
    "pytorch": f"{_FLAVOR} MlflowModelCheckpointCallback load_checkpoint",
    "tensorflow": f"{_FLAVOR} {_CALLBACKS} load_checkpoint get_global_custom_objects",
    "shap": "load_explainer log_explainer log_explanation save_explainer get_underlying_model_flavor "
    "get_default_conda_env get_default_pip_requirements",
    "pyspark": "",
    "pyspark.ml": "autolog",
    "azure": "",
    "data": "get_source from_spark from_tensorflow load_delta",
    "deployments": "BaseDeploymentClient DatabricksDeploymentClient MlflowDeploymentClient OpenAIDeploymentClient "
    "PredictionsResponse get_deploy_client get_deployments_target run_local set_deployments_target",
    "entities": "Assessment AssessmentError AssessmentSource AssessmentSourceType Document Expectation Feedback Link "
    "LiveSpan NoOpSpan Prompt ScorerVersion Session Span SpanEvent SpanLogLevel SpanStatus SpanStatusCode SpanType "
    "Trace TraceData TraceInfo TraceLocation TraceLocationType TraceState Webhook WebhookEvent WebhookStatus Workspace",
    "entities.model_registry": "ModelVersion ModelVersionSearch ModelVersionTag Prompt PromptVersion RegisteredModel "
    "RegisteredModelAlias RegisteredModelSearch RegisteredModelTag",
    "environment_variables": "",
    "evaluation": "Assessment AssessmentSource AssessmentSourceType Evaluation log_evaluations",
    "gateway": "get_gateway_uri set_gateway_uri",
    "genai": "Agent ConversationSimulator Scorer create_dataset delete_dataset delete_prompt_alias delete_scorer "
    "evaluate get_dataset get_scorer list_scorers load_prompt make_judge optimize_prompt optimize_prompts "
    "register_prompt scorer search_datasets search_prompts set_prompt_alias to_predict_fn",
    "genai.datasets": "EvaluationDataset create_dataset delete_dataset get_dataset search_datasets set_dataset_tags",
    "genai.judges": "CategoricalRating Judge custom_prompt_judge is_context_relevant is_context_sufficient is_correct "
    "is_grounded is_safe make_judge meets_guidelines",
    "genai.scorers": "Completeness Correctness Equivalence ExpectationsGuidelines Fluency Guidelines RelevanceToQuery "
    "RetrievalGroundedness RetrievalRelevance RetrievalSufficiency Safety Scorer Summarization ToolCallCorrectness "
    "UserFrustration delete_scorer get_all_scorers get_scorer list_scorers scorer",
    "metrics": "EvaluationMetric MetricValue ari_grade_level bleu exact_match f1_score flesch_kincaid_grade_level "
    "latency mae make_metric mape max_error mse precision_score r2_score recall_score rmse rouge1 rouge2 rougeL "
    "rougeLsum token_count toxicity",
    "metrics.genai": "answer_correctness answer_relevance answer_similarity faithfulness make_genai_metric relevance",
    "models": "EvaluationArtifact EvaluationMetric EvaluationResult FlavorBackend MetricThreshold Model ModelConfig "
    "Resource ResourceType build_docker evaluate get_model_info infer_pip_requirements infer_signature "
    "list_evaluators make_metric predict set_model set_retriever_schema set_signature update_model_requirements "
    "validate_serving_input convert_input_example_to_serving_input ModelSignature",
    "models.evaluation": "EvaluationArtifact EvaluationDataset EvaluationMetric EvaluationResult MetricThreshold "
    "ModelEvaluator evaluate list_evaluators make_metric",
    "models.model": "Model ModelInfo get_model_info set_model update_model_requirements",
    "models.resources": "DatabricksFunction DatabricksServingEndpoint DatabricksVectorSearchIndex Resource "
    "ResourceType",
    "models.signature": "ModelSignature infer_signature set_signature",
    "models.utils": "add_libraries_to_model load_serving_example validate_schema validate_serving_input",
    "projects": "SubmittedRun run",
    "prompt": "",
    "protos": "",
    "pyfunc": f"{_FLAVOR} ChatAgent ChatModel Context EnvType PyFuncModel PythonModel PythonModelContext "
    "ResponsesAgent add_to_model build_model_env get_model_dependencies load_pyfunc set_prediction_context spark_udf",
    "pyfunc.model": "ChatAgent ChatModel PythonModel PythonModelContext ResponsesAgent",
    "rfunc": "",
    "sagemaker": "SageMakerDeploymentClient deploy_transform_job push_image_to_ecr push_model_to_sagemaker run_local "
    "target_help terminate_transform_job",
    "store": "",
    "system_metrics": "disable_system_metrics_logging enable_system_metrics_logging set_system_metrics_node_id "
    "set_system_metrics_samples_before_logging set_system_metrics_sampling_interval",
    "tracing": "configure context disable disable_notebook_display enable enable_notebook_display reset "
    "set_databricks_monitoring_sql_warehouse_id set_destination set_span_chat_tools",
    "tracing.destination": "Databricks MlflowExperiment TraceDestination",
    "tracing.fluent": "add_trace delete_trace_tag get_current_active_span get_last_active_trace_id get_trace log_trace "
    "search_traces set_trace_tag start_span start_span_no_context trace update_current_trace",
    "tracing.provider": "disable enable is_tracing_enabled reset set_destination trace_disabled",
    "types": "ColSpec DataType ParamSchema ParamSpec Schema TensorSpec",
    "types.agent": "ChatAgentChunk ChatAgentMessage ChatAgentRequest ChatAgentResponse ChatContext",
    "types.chat": f"{_CHAT} ChatTool ChatUsage",
    "types.llm": f"{_CHAT} ChatParams TokenUsageStats",
    "types.responses": "ResponsesAgentRequest ResponsesAgentResponse ResponsesAgentStreamEvent",
    "types.schema": "AnyType Array ColSpec DataType Map Object ParamSchema ParamSpec Property Schema TensorSpec",
    "utils": "",
    "utils.autologging_utils": "autologging_integration autologging_is_disabled disable_autologging "
    "get_autologging_config is_testing safe_patch",
}
MODULES: dict[str, frozenset[str]] = {module: frozenset(names.split()) for module, names in _MODULES.items()}

# Modules of MLflow's whose content Headrace has in another place.
PLACES: dict[str, str] = {
    "data.dataset": "headrace.datasets.dataset",
    "data.huggingface_dataset": "headrace.datasets.huggingface_dataset",
    "data.meta_dataset": "headrace.datasets.meta_dataset",
    "data.numpy_dataset": "headrace.datasets.numpy_dataset",
    "data.pandas_dataset": "headrace.datasets.pandas_dataset",
    "data.polars_dataset": "headrace.datasets.polars_dataset",
    **dict.fromkeys(
        (
            f"data.{name}"
            for name in (
                "code_dataset_source dataset_source dataset_source_registry http_dataset_source "
                "huggingface_dataset_source sources"
            ).split()
        ),
        "headrace.datasets.source_names",
    ),
    **dict.fromkeys(
        (
            f"entities.{name}"
            for name in (
                "model_registry model_registry.model_version model_registry.model_version_search "
                "model_registry.model_version_stages model_registry.model_version_status "
                "model_registry.model_version_tag model_registry.registered_model "
                "model_registry.registered_model_alias model_registry.registered_model_search "
                "model_registry.registered_model_tag"
            ).split()
        ),
        "headrace.client.registry_names",
    ),
    "protos.databricks_pb2": "headrace.client.error_codes",
    "system_metrics.system_metrics_monitor": "headrace.client.system_metrics.monitor",
    "tracking.client": "headrace.client",
    "tracking.fluent": "headrace",
    "tracking.context": "headrace.client.context_names",
    "tracking.context.registry": "headrace.client.context_names",
    "utils.mlflow_tags": "headrace.client.tags",
    "utils.validation": "headrace.client.validation_names",
    "version": "headrace.packaging.mlflow_version",
    **dict.fromkeys(
        (
            f"entities.{name}"
            for name in (
                "dataset_input experiment_tag input_tag lifecycle_stage logged_model_input logged_model_output "
                "logged_model_parameter logged_model_status logged_model_tag run_data run_info run_inputs run_outputs "
                "run_status run_tag source_type view_type"
            ).split()
        ),
        "headrace.entities",
    ),
}

# Used as @name and @name(...): the decorated function stays as it is.
DECORATORS = frozenset({"trace", "tracing.fluent.trace", "genai.scorer", "genai.scorers.scorer"})

CLIENT_METHODS = frozenset(
    """
    add_dataset_to_experiments copy_model_version create_dataset create_model_version create_prompt
    create_prompt_version create_registered_model create_webhook create_workspace delete_dataset delete_dataset_tag
    delete_model_version delete_model_version_tag delete_prompt delete_prompt_alias delete_prompt_tag
    delete_prompt_version delete_prompt_version_tag delete_registered_model delete_registered_model_alias
    delete_registered_model_tag delete_trace_tag delete_traces delete_webhook delete_workspace detach_prompt_from_run
    download_artifacts end_span end_trace get_dataset get_latest_versions get_model_version get_model_version_by_alias
    get_model_version_download_uri get_model_version_stages get_prompt get_prompt_version get_prompt_version_by_alias
    get_registered_model get_trace get_webhook get_workspace link_prompt_version_to_model link_prompt_version_to_run
    link_prompt_versions_to_trace link_traces_to_run list_artifacts list_logged_model_artifacts list_logged_prompts
    list_webhooks list_workspaces load_prompt load_table log_artifact log_artifacts log_dict log_figure log_image
    log_model_artifact log_model_artifacts log_stream log_table log_text parse_prompt_uri register_prompt
    remove_dataset_from_experiments rename_registered_model search_datasets search_model_versions
    search_prompt_versions search_prompts search_registered_models search_traces set_dataset_tags
    set_model_version_tag set_prompt_alias set_prompt_tag set_prompt_version_tag set_registered_model_alias
    set_registered_model_tag set_trace_tag start_span start_trace test_webhook transition_model_version_stage
    unlink_traces_from_run update_model_version update_prompt update_registered_model update_webhook update_workspace
    """.split()
)
