"""A runner whose log goes only to its file, not to the terminal."""

from mmengine.logging import MMLogger

from .fitting_runner import FittingRunner


class QuietRunner(FittingRunner):
    """A :class:`FittingRunner` for commands that show the progress themselves.

    With ``verbose`` in its config, the log is printed to the terminal too.
    """

    def build_logger(self, *args, **kwargs) -> MMLogger:
        """Build the logger, without its output to the terminal.

        Args:
            *args (Any): Arguments of ``Runner.build_logger``.
            **kwargs (Any): Arguments of ``Runner.build_logger``.

        Returns:
            MMLogger: The logger.
        """
        logger = super().build_logger(*args, **kwargs)
        if not self.cfg.get('verbose'):
            for handler in list(logger.handlers):
                # Only handlers of files have this attribute.
                if not hasattr(handler, 'baseFilename'):
                    logger.removeHandler(handler)
        return logger
