/// GStreamer's rtspsrc as a player that seeks: to the time given, to the end, back to the beginning half a second later, and to the end
/// again. Tells of each round how many pictures and sounds it decoded.
enum SeekingGStreamer {
    static let program =
        GStreamerPlayer.library + """
            url, protocols, first = sys.argv[1], sys.argv[2], int(sys.argv[3])

            class Seeking(Player):
                rounds, sought = 0, False

                def seek(self, seconds):
                    for kind in self.buffers: self.buffers[kind] = 0
                    self.pipeline.seek_simple(
                        Gst.Format.TIME, Gst.SeekFlags.FLUSH | Gst.SeekFlags.KEY_UNIT, seconds * Gst.SECOND)
                    return False

                def told(self, message):
                    if message.type == Gst.MessageType.ASYNC_DONE and not self.sought:
                        self.sought = True
                        GLib.timeout_add(300, self.seek, first)
                    if message.type == Gst.MessageType.EOS:
                        print("round", self.buffers["video"], self.buffers["audio"], flush=True)
                        self.rounds += 1
                        if self.rounds == 2: self.loop.quit()
                        else: GLib.timeout_add(500, self.seek, 0)

            Seeking(
                {"location": url, "protocols": protocols, "latency": "200"}, {
                    "video": "rtph264depay ! h264parse ! avdec_h264", "audio": "rtpmp4gdepay ! aacparse ! avdec_aac",
                }, "sync=true").play()
            """
}
