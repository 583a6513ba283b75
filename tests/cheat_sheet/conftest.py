from nbval_tolerance import fix_environment

# Before TensorFlow starts: the same digits on every machine, and no chatter.
fix_environment()
