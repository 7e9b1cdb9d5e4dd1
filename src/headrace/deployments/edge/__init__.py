"""Models as folders that run where Headrace isn't: with onnxruntime and NumPy, or with onnxruntime-genai.

`onnx_run` and `bundle_run` are the programs that go along; nothing here imports what they need.
"""
