/// GStreamer's rtspsrc as a player that seeks: to the time given, to the end, back to the beginning half a second later, and to the end
/// again. Tells of each round how many pictures and sounds it decoded.
enum SeekingGStreamer {
    static let program = """
        import sys, gi
        gi.require_version("Gst", "1.0")
        from gi.repository import Gst, GLib
        Gst.init(None)
        url, protocols, first = sys.argv[1], sys.argv[2], int(sys.argv[3])
        pipeline = Gst.parse_launch(
            f"rtspsrc location={url} protocols={protocols} latency=200 name=s "
            "s. ! application/x-rtp,media=video ! queue ! rtph264depay ! h264parse ! avdec_h264 "
            "! fakesink name=video sync=true signal-handoffs=true "
            "s. ! application/x-rtp,media=audio ! queue ! rtpmp4gdepay ! aacparse ! avdec_aac "
            "! fakesink name=audio sync=true signal-handoffs=true")
        frames = {"video": 0, "audio": 0}
        def count(name):
            def handoff(*_): frames[name] += 1
            return handoff
        for name in frames: pipeline.get_by_name(name).connect("handoff", count(name))
        loop = GLib.MainLoop()
        state = {"rounds": 0, "sought": False}
        def seek(seconds):
            for name in frames: frames[name] = 0
            pipeline.seek_simple(Gst.Format.TIME, Gst.SeekFlags.FLUSH | Gst.SeekFlags.KEY_UNIT, seconds * Gst.SECOND)
            return False
        def heard(_, message):
            if message.type == Gst.MessageType.ASYNC_DONE and not state["sought"]:
                state["sought"] = True
                GLib.timeout_add(300, seek, first)
            if message.type == Gst.MessageType.EOS:
                print("round", frames["video"], frames["audio"], flush=True)
                state["rounds"] += 1
                if state["rounds"] == 2: loop.quit()
                else: GLib.timeout_add(500, seek, 0)
            if message.type == Gst.MessageType.ERROR:
                print("error", message.parse_error(), flush=True)
                loop.quit()
        bus = pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message", heard)
        pipeline.set_state(Gst.State.PLAYING)
        loop.run()
        pipeline.set_state(Gst.State.NULL)
        """
}
