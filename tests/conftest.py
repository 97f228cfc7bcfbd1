import os

os.environ["GAN_COURSE_DATA"] = ""

import gan_course  # noqa: E402

gan_course.quiet_tensorflow()
