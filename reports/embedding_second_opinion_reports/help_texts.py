"""What does ``--help`` say? Written for somebody who has never seen this command."""

ABOUT = """\
A second opinion on a model that was judged by triplets.

A log says 99 %, and in use the model is wrong. From embeddings and their labels this command writes
one page: what the 99 % measured, how often the model is right among all classes, and why they differ.

\b
Try it on the bundled set, then open report/report.html:
    embedding-second-opinion report --out report
On your own:
    embedding-second-opinion report embeddings.npz --claimed 99% --out report
Cell by cell, in JupyterLab:
    embedding-second-opinion notebook overview
"""

REPORT = """\
Write DIR/report.html, DIR/report.ipynb and DIR/findings.json.

DATA is an .npz, .npy, .parquet, .csv, .tsv, .safetensors or .pt file, or a bundled set such as
sample:glyphs. What is not called by its usual name in it is named by the options.

\b
Every sample against all others:
    embedding-second-opinion report embeddings.npz
Test samples looked up among the training samples, one class being strangers:
    embedding-second-opinion report embeddings.npz --split split --gallery-split train \\
        --query-split test --strangers visitor --claimed 0.99
\b
Exit status:
    0  done
    2  the input cannot be judged; one sentence says what, where and the way out
    3  done, but some diagnostics could not run; the page says which
    4  the run itself broke; DIR is untouched, and the place of the log is printed
"""
