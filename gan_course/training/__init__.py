"""Training: the GAN as a Keras model, its steps, its data, and how it ends and goes on."""
