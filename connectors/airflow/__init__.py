"""Apache Airflow: every try of every task as an attempt, and the order of tasks as edges."""
